/** The part of the server's answers that is needed here. */
export interface IFileSource {
  file(runId: string, artifact: string, path: string): Promise<Response>;
}

interface IManifest {
  files?: Record<string, { sha256: string; bytes: number }>;
}

/** A file whose bytes are not those that were sealed. */
export class DamagedFile extends Error {
  constructor(readonly path: string) {
    super(path);
  }
}

/** The files of an artifact, each compared with the sha256 of its manifest. */
export class ArtifactFiles {
  private constructor(
    private readonly _source: IFileSource,
    private readonly _run: string,
    private readonly _name: string,
    private readonly _listed: Record<string, { sha256: string; bytes: number }>
  ) {}

  static async open(source: IFileSource, run: string, name: string): Promise<ArtifactFiles> {
    const manifest = (await (await source.file(run, name, 'MANIFEST.json')).json()) as IManifest;
    return new ArtifactFiles(source, run, name, manifest.files ?? {});
  }

  get names(): ReadonlySet<string> {
    return new Set(Object.keys(this._listed));
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await this.bytes(path))) as T;
  }

  /** Fetch a file; `progress` hears of the share that has come, from 0 to 1. Throws DamagedFile. */
  async bytes(path: string, progress?: (share: number) => void): Promise<Uint8Array<ArrayBuffer>> {
    const { sha256, bytes } = this._listed[path] ?? { sha256: '', bytes: 0 };
    const response = await this._source.file(this._run, this._name, path);
    const found = new Uint8Array(bytes);
    let at = 0;
    for (const reader = response.body!.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      if (at + value.length > bytes) {
        throw new DamagedFile(path);
      }
      found.set(value, at);
      at += value.length;
      progress?.(at / bytes);
    }
    if (at !== bytes || !(await agrees(found, sha256))) {
      throw new DamagedFile(path);
    }
    return found;
  }
}

/** Compare bytes with a sha256; pages that are not on this machine and not under https cannot. */
async function agrees(bytes: Uint8Array<ArrayBuffer>, sha256: string): Promise<boolean> {
  if (!globalThis.crypto?.subtle) {
    return true;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map(byte => byte.toString(16).padStart(2, '0')).join('') === sha256;
}
