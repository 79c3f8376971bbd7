import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';

import { ISettings, type PaletteName } from './tokens';

const ID = 'fmtools:settings';

class Settings implements ISettings {
  pollInterval = 1000;
  palette: PaletteName = 'theme';
  smoothing = true;

  get changed(): ISignal<ISettings, void> {
    return this._changed;
  }

  read(loaded: ISettingRegistry.ISettings): void {
    this.pollInterval = Math.max(250, Number(loaded.get('pollInterval').composite) || 1000);
    this.palette = (loaded.get('attentionPalette').composite as PaletteName) ?? 'theme';
    this.smoothing = loaded.get('smoothing').composite !== false;
    this._changed.emit();
  }

  private readonly _changed = new Signal<ISettings, void>(this);
}

/** Provides the settings; defaults where the application has no setting registry. */
export const settingsPlugin: JupyterFrontEndPlugin<ISettings> = {
  id: ID,
  description: 'Settings of fmtools.',
  autoStart: true,
  optional: [ISettingRegistry],
  provides: ISettings,
  activate: (_: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    const settings = new Settings();
    registry?.load(ID).then(
      loaded => {
        settings.read(loaded);
        loaded.changed.connect(() => settings.read(loaded));
      },
      reason => console.warn('fmtools: settings could not be loaded; defaults are used.', reason)
    );
    return settings;
  }
};
