import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { MIME_TYPE } from '../contract';
import { IRunFollowers } from '../follow/pool';
import { ISettings } from '../settings/tokens';
import { keeper } from './keep';
import { RunRenderer } from './renderer';

/** Before text/html (50) and the pictures (90), which the same output holds for everybody else. */
const RANK = 10;

/** Renders runs in notebooks, in JupyterLab and in Notebook 7. */
export const cardPlugin: JupyterFrontEndPlugin<void> = {
  id: 'fmtools:card',
  description: 'Renders training runs in notebooks.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IRunFollowers, ISettings],
  optional: [ITranslator, IDocumentManager],
  activate: (
    _: JupyterFrontEnd,
    registry: IRenderMimeRegistry,
    followers: IRunFollowers,
    settings: ISettings,
    translator: ITranslator | null,
    documents: IDocumentManager | null
  ) => {
    const trans = (translator ?? nullTranslator).load('fmtools');
    const keep = keeper(documents);
    const createRenderer = () => new RunRenderer({ followers, settings, trans, keep });
    registry.addFactory({ safe: true, mimeTypes: [MIME_TYPE], createRenderer }, RANK);
  }
};
