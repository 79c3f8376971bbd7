// Answers batches with onnxruntime-web (WebAssembly), as a page would: one JSON object a line in, one a line out.
// node ort_web.mjs FOLDER_OF_ONNXRUNTIME_WEB MODEL.onnx ...
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [, , web, ...files] = process.argv;
const ort = await import(pathToFileURL(join(web, 'dist/ort.wasm.mjs')).href).then(m => m.default ?? m);
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = pathToFileURL(join(web, 'dist')).href + '/';
ort.env.logLevel = 'error';
const kinds = { int64: BigInt64Array, float32: Float32Array, int32: Int32Array, bool: Uint8Array };
const sessions = [];
for (const file of files) {
  sessions.push(await ort.InferenceSession.create(readFileSync(file)));
}
const say = value => process.stdout.write(JSON.stringify(value) + '\n');
say({ ready: ort.env.versions?.common ?? '' });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const given = JSON.parse(line);
    const fitting = sessions.filter(s => s.inputNames.every(name => name in given));
    const session = fitting.sort((a, b) => b.inputNames.length - a.inputNames.length)[0] ?? sessions[0];
    const feeds = {};
    for (const name of session.inputNames) {
      const { type, dims, data } = given[name];
      const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
      feeds[name] = new ort.Tensor(type, new kinds[type](bytes.buffer), dims);
    }
    const out = await session.run(feeds);
    const found = {};
    for (const [name, tensor] of Object.entries(out)) {
      const { buffer, byteOffset, byteLength } = tensor.data;
      const data = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
      found[name] = { type: tensor.type, dims: tensor.dims, data };
    }
    say(found);
  } catch (error) {
    say({ error: String(error?.message ?? error) });
  }
}
