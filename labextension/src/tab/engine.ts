// The only door to onnxruntime-web: its code and its WebAssembly (14 MB) are loaded when the first model is opened in a tab,
// from this package's own files.
import { Tokenizer } from '@huggingface/tokenizers';
import * as ort from 'onnxruntime-web/wasm';

import type { ArtifactFiles } from './files';
import {
  cut,
  hindrance,
  longest,
  rank,
  type Hindrance,
  type IAbout,
  type IRanked,
  type ITokenizerConfig,
  type ITokenizerFile
} from './read';

/** A model that this page cannot run. */
export class Unfit extends Error {
  constructor(readonly why: Hindrance) {
    super(why);
  }
}

/** What came of a text: labels best first, and how long it took, in ms. */
export interface IAnswer {
  ranked: IRanked[];
  tokens: number;
  milliseconds: number;
}

/** An exported text classifier, computing in this page on one thread. */
export class Classifier {
  private constructor(
    readonly about: IAbout,
    private readonly _session: ort.InferenceSession,
    private readonly _tokenizer: Tokenizer,
    private readonly _config: ITokenizerConfig
  ) {}

  /** Fetch a model and make it ready. Throws Unfit, DamagedFile, ApiFailure. */
  static async load(files: ArtifactFiles, progress: (share: number) => void): Promise<Classifier> {
    const about = await files.json<IAbout>('fmtools.json');
    const [file, config] = await Promise.all([
      files.json<ITokenizerFile>('tokenizer.json'),
      files.json<ITokenizerConfig>('tokenizer_config.json')
    ]);
    const why = hindrance(about, file, files.names);
    if (why) {
      throw new Unfit(why);
    }
    ort.env.wasm.numThreads = 1; // more need headers that Jupyter does not send
    ort.env.wasm.wasmPaths = {
      wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href
    };
    const model = await files.bytes(about.files!.model, progress);
    const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
    return new Classifier(about, session, new Tokenizer(file, config), config);
  }

  async predict(text: string): Promise<IAnswer> {
    const began = performance.now();
    const ids = this._ids(text);
    const row = (value: (place: number) => number) =>
      new ort.Tensor(
        'int64',
        BigInt64Array.from(ids, (_, place) => BigInt(value(place))),
        [1, ids.length]
      );
    const known: Record<string, ort.Tensor> = {
      input_ids: row(place => ids[place]),
      attention_mask: row(() => 1),
      token_type_ids: row(() => 0)
    };
    const feeds = Object.fromEntries(this._session.inputNames.map(name => [name, known[name]]));
    const { logits } = await this._session.run(feeds, ['logits']);
    const ranked = rank(logits.data as Float32Array, this.about.labels ?? [], this.about.several ?? false);
    return { ranked, tokens: ids.length, milliseconds: performance.now() - began };
  }

  release(): Promise<void> {
    return this._session.release();
  }

  private _ids(text: string): number[] {
    const whole = this._tokenizer.encode(text).ids;
    const bare = this._tokenizer.encode(text, { add_special_tokens: false }).ids;
    return cut(whole, bare, longest(this.about, this._config), this._config.truncation_side);
  }
}
