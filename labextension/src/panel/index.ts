import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { Widget } from '@lumino/widgets';

/** What `%fm_panel` dispatches on its page; see fmtools/notebook/panel/static/code.js. */
const EVENT = 'fmtools-insert-cell';

/** The part of a notebook's panel that is needed here, in JupyterLab as in Notebook 7. */
interface INotebook {
  content: {
    widgets: readonly Widget[];
    activeCellIndex: number;
    model: { sharedModel: { insertCell(index: number, cell: object): unknown }; readOnly: boolean } | null;
  };
}

/** Puts a line under the cell whose output asks for it. Who is not heard (another front end) copies the line instead. */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'fmtools:panel',
  description: 'Inserts the line of a training panel into its notebook.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    document.addEventListener(EVENT, event => {
      const { source } = (event as CustomEvent<{ source?: unknown }>).detail ?? {};
      if (typeof source === 'string' && insert(app, event.target as Node, source)) {
        event.preventDefault();
      }
    });
  }
};

function insert(app: JupyterFrontEnd, asking: Node, source: string): boolean {
  for (const widget of app.shell.widgets('main')) {
    const { content } = widget as unknown as INotebook;
    const model = content?.model;
    if (!widget.node.contains(asking) || !model?.sharedModel?.insertCell || model.readOnly) {
      continue;
    }
    const index = content.widgets.findIndex(cell => cell.node.contains(asking)) + 1;
    const cell = { cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null };
    model.sharedModel.insertCell(index || content.widgets.length, cell);
    content.activeCellIndex = index || content.widgets.length - 1;
    content.widgets[content.activeCellIndex]?.node.scrollIntoView({ block: 'nearest' });
    return true;
  }
  return false;
}
