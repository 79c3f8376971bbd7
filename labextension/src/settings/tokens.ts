import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

export type PaletteName = 'theme' | 'viridis' | 'magma' | 'grey';

/** The user's choices; always there, also where there is no settings editor. */
export interface ISettings {
  /** Milliseconds between two looks at a run that grows, when the server's events do not come through. */
  readonly pollInterval: number;
  readonly palette: PaletteName;
  readonly smoothing: boolean;
  readonly changed: ISignal<ISettings, void>;
}

export const ISettings = new Token<ISettings>('fmtools:ISettings', "The user's settings of fmtools.");
