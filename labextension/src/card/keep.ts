import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { Widget } from '@lumino/widgets';

/**
 * Return a function that saves the notebook around a card, once a run.
 *
 * JupyterLab loses what a running cell has put out when the page is reloaded before the next autosave (two minutes). With
 * the card in the file, a reload shows it again, and it goes on following its run.
 */
export function keeper(documents: IDocumentManager | null): (runId: string, output: Widget) => void {
  const kept = new Set<string>();
  return (runId, output) => {
    if (!documents || kept.has(runId)) {
      return;
    }
    kept.add(runId);
    // The output becomes part of the notebook's model after it is rendered.
    requestAnimationFrame(() => void save(documents, output));
  };
}

async function save(documents: IDocumentManager, output: Widget): Promise<void> {
  for (let widget: Widget | null = output; widget; widget = widget.parent) {
    const context = documents.contextForWidget(widget);
    if (context) {
      if (context.isReady && context.model.dirty && !context.model.readOnly && context.contentsModel?.writable) {
        await context.save();
      }
      return;
    }
  }
}
