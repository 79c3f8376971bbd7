import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import type { ServersModel } from './serversModel';

/** A widget that shows model servers: while it is visible the model looks at them, and it is drawn when they change. */
export abstract class ServersWidget extends Widget {
  constructor(protected readonly _model: ServersModel) {
    super();
    _model.changed.connect(this._update, this);
  }

  dispose(): void {
    this._model.watch(this, false);
    this._model.changed.disconnect(this._update, this);
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._model.watch(this, true);
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._model.watch(this, false);
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._model.watch(this, this.isVisible);
  }

  protected abstract _update(): void;
}
