import type { ServerConnection } from '@jupyterlab/services';

import type { ServiceList, ServiceRequest, ServiceSummary } from '../contract';
import { isRunId, send } from '../follow/api';

/** The id of a model server is of the shape of a run's. */
export const isServerId = isRunId;

/** What a model answered to one text. */
export type Prediction = Record<string, unknown>;

/** The server extension's answers about model servers. */
export class ServersApi {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  async list(): Promise<ServiceSummary[]> {
    return ((await (await send(this._settings, 'api/services')).json()) as ServiceList).services;
  }

  /** Stop a server, start it again, or let one at work take its model in anew; resolves when it stands so. */
  async control(id: string, action: ServiceRequest['action']): Promise<void> {
    const init = { method: 'POST', body: JSON.stringify({ action }) };
    await send(this._settings, `api/services/${encodeURIComponent(id)}/control`, init);
  }

  /** Ask the model, through Jupyter's own login. */
  async predict(id: string, asked: Record<string, unknown>): Promise<Prediction> {
    const init = { method: 'POST', body: JSON.stringify(asked), headers: { 'Content-Type': 'application/json' } };
    const response = await send(this._settings, `serve/${encodeURIComponent(id)}/predict`, init);
    return ((await response.json()) as { predictions: Prediction[] }).predictions[0];
  }
}
