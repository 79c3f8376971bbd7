import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { ControlReply, ControlRequest, Increment, RunList } from '../contract';
import { ApiFailure } from './failure';

/** Run ids are ULIDs. Anything else in a notebook is not sent to the server. */
export function isRunId(id: unknown): id is string {
  return typeof id === 'string' && /^[0-9A-Za-z]{26}$/.test(id);
}

/** A folder that a run was exported to; `bytes` are those of all its files. */
export interface IExport {
  name: string;
  format: string;
  task: string;
  method: string;
  bytes: number;
}

/** The REST answers of the server extension. */
export class RunsApi {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  list(): Promise<RunList> {
    return this._json<RunList>('runs');
  }

  events(id: string, since: number, generation: number): Promise<Increment> {
    return this._json<Increment>(`runs/${encodeURIComponent(id)}/events?since=${since}&generation=${generation}`);
  }

  control(id: string, request: ControlRequest): Promise<ControlReply> {
    const init = { method: 'POST', body: JSON.stringify(request) };
    return this._json<ControlReply>(`runs/${encodeURIComponent(id)}/control`, init);
  }

  /** The bytes of an attention snapshot: uint8 [layers, heads, n, n]. */
  async frame(id: string, seq: number): Promise<Uint8Array> {
    const response = await this._fetch(`runs/${encodeURIComponent(id)}/attention/${seq}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** What each run was exported to, by the run's id, newest first. */
  async exports(): Promise<Record<string, IExport[]>> {
    return (await this._json<{ exports: Record<string, IExport[]> }>('exports')).exports;
  }

  /** A file of an exported model, to be read as it comes. */
  file(id: string, artifact: string, path: string): Promise<Response> {
    const inside = path.split('/').map(encodeURIComponent).join('/');
    return this._fetch(`runs/${encodeURIComponent(id)}/artifacts/${encodeURIComponent(artifact)}/files/${inside}`);
  }

  private async _json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this._fetch(path, init);
    return (await response.json()) as T;
  }

  private _fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return send(this._settings, `api/${path}`, init);
  }
}

/** Ask a route below `fmtools/`. Throws ApiFailure, with the server's sentence, for every answer that is not 2xx. */
export async function send(
  settings: ServerConnection.ISettings,
  path: string,
  init: RequestInit = {}
): Promise<Response> {
  const url = URLExt.join(settings.baseUrl, 'fmtools') + '/' + path;
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
  } catch (error) {
    throw new ApiFailure(String(error), 0);
  }
  if (!response.ok) {
    throw new ApiFailure(await reason(response), response.status);
  }
  return response;
}

async function reason(response: Response): Promise<string> {
  try {
    const answer = await response.json();
    const error = answer.error?.message ?? answer.error; // a model server's refusals have their sentence one level deeper
    return String(error ?? answer.message ?? response.statusText);
  } catch {
    return response.statusText;
  }
}
