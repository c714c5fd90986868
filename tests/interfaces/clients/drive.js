// Runs the sample client as its README does: connect, start, wait for the word, stop. Says each step as JSON.
const { ChargingClient } = require("./charging-client.js");
const [url, token, chargePointId, idTag] = process.argv.slice(2);
globalThis.WebSocket = require("ws");

const say = (step, data) => process.stdout.write(JSON.stringify({ step, data }) + "\n");
console.log = (what, data) => say(what, data);
const told = () => new Promise((resolve) => process.stdin.once("data", resolve));

async function main() {
  const client = new ChargingClient(url, token);
  await client.connect();
  say("connected");
  const started = await client.startCharging(chargePointId, 1, idTag);
  say("started", started);
  await told();
  say("stopped", await client.stopCharging(chargePointId, started.data.transactionId));
  await told();
  client.ws.close();
}

main().then(() => process.exit(0), (error) => { say("failed", error.message); process.exit(1); });
