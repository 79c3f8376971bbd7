/** A snapshot's shape: bytes[((layer * heads + head) * n + from) * n + to], 255 = 1.0. */
export interface IShape {
  layers: number;
  heads: number;
  n: number;
}

/** Whether the bytes are as many as the shape says. */
export function fits(bytes: Uint8Array, shape: IShape): boolean {
  return bytes.length === shape.layers * shape.heads * shape.n * shape.n;
}

/** One head's map, uint8 [n, n], without a copy. */
export function headMap(bytes: Uint8Array, shape: IShape, layer: number, head: number): Uint8Array {
  const size = shape.n * shape.n;
  const start = (layer * shape.heads + head) * size;
  return bytes.subarray(start, start + size);
}

/** The mean of a layer's heads, uint8 [n, n]. */
export function meanMap(bytes: Uint8Array, shape: IShape, layer: number): Uint8Array {
  const size = shape.n * shape.n;
  const sums = new Uint32Array(size);
  for (let head = 0; head < shape.heads; head++) {
    const map = headMap(bytes, shape, layer, head);
    for (let i = 0; i < size; i++) {
      sums[i] += map[i];
    }
  }
  return Uint8Array.from(sums, sum => Math.round(sum / shape.heads));
}

/** Maps put in colour by a table of 256 RGBA colours; `peak` is the value that gets the last colour. */
export function paint(map: Uint8Array, colours: Uint8ClampedArray, peak: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(map.length * 4);
  const scale = 255 / Math.max(1, peak);
  for (let i = 0; i < map.length; i++) {
    const at = Math.min(255, Math.round(map[i] * scale)) * 4;
    pixels.set(colours.subarray(at, at + 4), i * 4);
  }
  return pixels;
}

/** The largest value of a map; maps of many tokens are pale, so each picture is stretched to its own peak. */
export function peakOf(map: Uint8Array): number {
  return map.reduce((most, value) => (value > most ? value : most), 1);
}
