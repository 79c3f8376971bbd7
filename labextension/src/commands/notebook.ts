import type { Contents, ServiceManager } from '@jupyterlab/services';

const CELLS: [string, string][] = [
  ['code', '%load_ext fmtools'],
  ['code', 'run = %fm_train text-classification --model minilm --data intents --epochs 3'],
  ['code', 'run.predict("turn on the kitchen lights")']
];

/** Write a new notebook with the lines of a first training into `folder`; returns what the server made. */
export async function createNotebook(services: ServiceManager.IManager, folder: string): Promise<Contents.IModel> {
  await services.kernelspecs.ready;
  const name = services.kernelspecs.specs?.default ?? 'python3';
  const display = services.kernelspecs.specs?.kernelspecs[name]?.display_name ?? name;
  const model = await services.contents.newUntitled({ path: folder, type: 'notebook' });
  const content = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name, display_name: display, language: 'python' } },
    cells: CELLS.map(([type, source], index) => cell(type, source, index))
  };
  return services.contents.save(model.path, { type: 'notebook', format: 'json', content });
}

function cell(type: string, source: string, index: number): object {
  const common = { id: `fmtools-${index}`, cell_type: type, metadata: {}, source };
  return type === 'code' ? { ...common, execution_count: null, outputs: [] } : common;
}
