// The npm package ocpp-rpc in strict mode as a charge point. Does what it reads, a line of JSON each,
// from standard input: {"call": action, "payload": {...}} asks the system and prints the answer.
// Commands of the system are answered from the table in the first argument, and printed, too.
const { RPCClient } = require("ocpp-rpc");
const readline = require("node:readline");

const [endpoint, identity, answers] = process.argv.slice(2);
const table = JSON.parse(answers);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const client = new RPCClient({
  endpoint,
  identity,
  protocols: ["ocpp1.6"],
  strictMode: true, // every call and answer of either side passes its schema, or the call fails
  reconnect: false,
  callTimeoutMs: 20000,
});

client.on("strictValidationFailure", ({ error, method, isCall, outbound }) =>
  say({ invalid: method, isCall, outbound, error: String(error) }),
);
client.on("badMessage", ({ error }) => say({ bad: String(error) }));
client.on("close", ({ code }) => say({ closed: code }));
for (const [action, answer] of Object.entries(table)) {
  client.handle(action, ({ params }) => {
    say({ command: action, payload: params });
    return answer;
  });
}

async function main() {
  await client.connect();
  say({ connected: client.protocol });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { call, payload } = JSON.parse(line);
    try {
      say({ answer: call, payload: await client.call(call, payload) });
    } catch (error) {
      say({ refused: call, code: error.rpcErrorCode ?? null, error: String(error) });
    }
  }
  await client.close();
}

main().catch((error) => {
  say({ failed: String(error) });
  process.exit(1);
});
