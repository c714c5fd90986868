// The npm package graphql-ws, the reference client of graphql-transport-ws, as an app. Subscribes to what it reads,
// a line of JSON each, from standard input: {"id", "query", "variables"}; {"stop": id} hears no more of it. Prints what
// it is told, a line of JSON each. A frame that is not as the protocol has it closes the socket from our side.
const { createClient } = require("graphql-ws");
const readline = require("node:readline");
const ws = require("ws");

const [url, connectionParams] = process.argv.slice(2);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const stops = new Map();
const client = createClient({
  url,
  webSocketImpl: ws,
  connectionParams: JSON.parse(connectionParams),
  lazy: false,
  retryAttempts: 0,
  keepAlive: 500, // ms: pings, that the server has to answer
  onNonLazyError: () => {}, // "closed" says it
  on: {
    connected: () => say({ connected: true }),
    pong: (received) => received && say({ pong: true }),
    closed: ({ code, reason }) => say({ closed: code, reason }),
  },
});

function subscribe({ id, query, variables }) {
  const stop = client.subscribe(
    { query, variables },
    {
      next: (result) => say({ next: id, ...result }),
      error: (why) => say({ error: id, why: Array.isArray(why) ? why : String(why) }),
      complete: () => say({ complete: id }),
    },
  );
  stops.set(id, stop);
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  if ("stop" in asked) stops.get(asked.stop)();
  else subscribe(asked);
});
