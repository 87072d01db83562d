// What both JavaScript contenders share: the input file and the protocol of contender.hpp.
import fs from "node:fs";
import readline from "node:readline";

/// The arrays of the file that round_inputs.hpp describes.
export function readInputs(path) {
  const descriptor = fs.openSync(path, "r");
  const read = (Type, count) => {
    const values = new Type(count);
    const bytes = new Uint8Array(values.buffer);
    for (let done = 0; done < bytes.length;) {  // one read returns 2 GiB at most
      const got = fs.readSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30), null);
      if (got === 0) throw new Error(`${path}: ends too early`);
      done += got;
    }
    return values;
  };
  if (Buffer.from(read(Uint8Array, 8)).toString() !== "NFROUND1") {
    throw new Error(`${path}: not a file of write_inputs`);
  }
  const [agents, entries] = Array.from(read(BigInt64Array, 2), Number);
  const offsets = Int32Array.from(read(BigInt64Array, agents + 1), Number);
  const weights = read(Float64Array, entries);
  const need = read(Float64Array, agents);
  const capacity = read(Float64Array, agents);
  const columns = read(Int32Array, entries);
  fs.closeSync(descriptor);
  return { agents, offsets, columns, weights, need, capacity };
}

/// Answers commands; `rounds` has run(count) and answer(), which gives x, received and d.
export function serve(rounds) {
  const say = (reply) => fs.writeSync(1, JSON.stringify(reply) + "\n");
  const check = (count, path) => {
    rounds.run(count);
    fs.writeFileSync(path, Buffer.concat(rounds.answer().map(
        (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength))));
    return { written: true };
  };
  const time = (count, runs) => {
    const started = process.hrtime.bigint();
    for (let i = 0; i < runs; ++i) rounds.run(count);
    return { seconds_per_round: Number(process.hrtime.bigint() - started) / 1e9 / (count * runs) };
  };
  say({ ready: true, version: `node ${process.version}` });
  readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const [name, first, second] = line.split(" ");
    if (name === "quit") process.exit(0);
    if (name === "check") say(check(Number(first), second));
    else if (name === "time") say(time(Number(first), Number(second)));
    else say({ error: "no such command" });
  });
}
