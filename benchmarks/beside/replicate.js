// Fills a PouchDB with documents of 1 KB and replicates it to a PouchDB server of its own process,
// as a web till would; prints the documents per second of the replication alone, as JSON.
"use strict";
const { fork } = require("node:child_process");
const path = require("node:path");

const [, , role, folder, count] = process.argv;

function database(prefix) {
  return require("pouchdb").defaults({ prefix: path.join(folder, prefix) + path.sep });
}

function serve() {
  require("node:fs").mkdirSync(path.join(folder, "server"), { recursive: true });
  const app = require("express")();
  const options = { mode: "minimumForPouchDB", inMemoryConfig: true, logPath: path.join(folder, "log") };
  app.use(require("express-pouchdb")(database("server"), options));
  const listening = app.listen(0, "127.0.0.1", () => process.send(listening.address().port));
}

async function replicate(port) {
  require("node:fs").mkdirSync(path.join(folder, "client"), { recursive: true });
  const local = new (database("client"))("sales");
  const text = "x".repeat(1000);
  for (let first = 0; first < count; first += 500) {
    const ids = Array.from({ length: Math.min(500, count - first) }, (_, n) => first + n);
    await local.bulkDocs(ids.map((n) => ({ _id: String(n).padStart(9, "0"), text })));
  }
  const began = process.hrtime.bigint();
  const done = await local.replicate.to(`http://127.0.0.1:${port}/sales`, { batch_size: 100 });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(JSON.stringify({ written: done.docs_written, rate: done.docs_written / seconds }));
}

if (role === "serve") {
  serve();
} else {
  const server = fork(__filename, ["serve", folder, count], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  server.once("message", (port) => replicate(port).finally(() => server.kill()));
}
