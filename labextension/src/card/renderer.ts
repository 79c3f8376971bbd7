import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, type Widget } from '@lumino/widgets';

import { MIME_TYPE, type RunBundle } from '../contract';
import { h } from '../ui/dom';
import { RunCard, type ICardContext } from './card';

/** What a renderer is built with; `keep` saves the document around a card that has begun to live. */
export interface IRendererContext extends ICardContext {
  keep(runId: string, output: Widget): void;
}

/** Renders a run's MIME bundle. Another bundle of the same run is merged into the card that is there. */
export class RunRenderer extends Panel implements IRenderMime.IRenderer {
  constructor(private readonly _context: IRendererContext) {
    super();
    this.addClass('fm-output');
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const bundle = model.data[MIME_TYPE] as unknown as RunBundle;
    if (!isReadable(bundle)) {
      this._clear();
      const text = this._context.trans.__('This output was written by another version of fmtools and cannot be shown.');
      this.node.replaceChildren(h('p', { class: 'fm-quiet' }, text));
      return Promise.resolve();
    }
    if (this._card?.runId !== bundle.run_id) {
      this._clear();
      this._card = new RunCard(bundle.run_id, this._context);
      this.addWidget(this._card);
    }
    this._card.offer(bundle);
    if (bundle.snapshot.head.alive) {
      this._context.keep(bundle.run_id, this);
    }
    return Promise.resolve();
  }

  private _clear(): void {
    this._card?.dispose();
    this._card = null;
    this.node.replaceChildren();
  }

  private _card: RunCard | null = null;
}

/** Whether a bundle has the version and the parts that this renderer knows; notebooks may hold anything. */
export function isReadable(bundle: RunBundle | undefined): bundle is RunBundle {
  const snapshot = bundle?.snapshot;
  return (
    bundle?.version === 1 &&
    typeof bundle.run_id === 'string' &&
    typeof snapshot?.head === 'object' &&
    snapshot.head !== null &&
    Array.isArray(snapshot.points ?? [])
  );
}
