// Runs the React Native sample without a screen: its hooks kept in arrays, its buttons called by name, what it would
// draw left out. Nothing else of it is changed. Says as JSON what it shows whenever that changes.
const fs = require("fs");
const path = require("path");
const [url, token, chargePointId] = process.argv.slice(2);
const Socket = require("ws");

const source = fs.readFileSync(path.join(__dirname, "charging-control.jsx"), "utf8");
const drawn = source.replace(/return \(\s*<View>[\s\S]*<\/View>\s*\);/,
  "return { status, isConnected, isCharging, startCharging, stopCharging };");
const shown = drawn.replace("module.exports = ChargingControl;", "return ChargingControl;");
const say = (data) => process.stdout.write(JSON.stringify(data) + "\n");

const kept = [];
let next = 0, hasRun = false;
const useRef = (initial) => { const at = next++; return (kept[at] ??= { current: initial }); };
const useState = (initial) => {
  const at = next++;
  kept[at] ??= { value: initial };
  return [kept[at].value, (value) => { kept[at].value = value; setImmediate(draw); }];
};
const useEffect = (effect) => { if (!hasRun) { hasRun = true; setImmediate(effect); } };
const Alert = { alert: (title, message) => say({ alert: title, message }) };
class WebSocket extends Socket { constructor() { super(url); } }

const Control = new Function("useRef", "useState", "useEffect", "Alert", "WebSocket", shown)(
  useRef, useState, useEffect, Alert, WebSocket);
let page;
function draw() {
  next = 0;
  page = Control({ token, chargePointId });
  say({ status: page.status, isConnected: page.isConnected, isCharging: page.isCharging });
}
draw();
process.stdin.on("data", (line) => {
  const button = line.toString().trim();
  if (button === "leave") process.exit(0);
  page[button]();
});
