import type { PaletteName } from '../settings/tokens';

type Rgb = readonly [number, number, number];

const RAMPS: Record<Exclude<PaletteName, 'theme'>, Rgb[]> = {
  viridis: [
    [68, 1, 84],
    [59, 82, 139],
    [33, 145, 140],
    [94, 201, 98],
    [253, 231, 37]
  ],
  magma: [
    [0, 0, 4],
    [81, 18, 124],
    [183, 55, 121],
    [252, 137, 97],
    [252, 253, 191]
  ],
  grey: [
    [250, 250, 250],
    [130, 130, 130],
    [10, 10, 10]
  ]
};
const LIGHT: Rgb[] = [
  [245, 247, 250],
  [190, 212, 240],
  [96, 154, 219],
  [31, 93, 175],
  [9, 45, 104]
];
const DARK: Rgb[] = [
  [30, 33, 39],
  [33, 64, 110],
  [44, 112, 184],
  [110, 178, 240],
  [226, 241, 255]
];

/** 256 colours, four bytes each (RGBA), from the smallest value to the largest. */
export function palette(name: PaletteName, dark: boolean): Uint8ClampedArray {
  const stops = name === 'theme' ? (dark ? DARK : LIGHT) : (RAMPS[name] ?? RAMPS.viridis);
  const ramp = name === 'grey' && dark ? [...stops].reverse() : stops;
  const colours = new Uint8ClampedArray(1024);
  for (let i = 0; i < 256; i++) {
    colours.set([...mix(ramp, i / 255), 255], i * 4);
  }
  return colours;
}

/** One of the 256 colours as CSS; `share` from 0 to 1. */
export function colourOf(colours: Uint8ClampedArray, share: number): string {
  const at = Math.round(Math.min(1, Math.max(0, share)) * 255) * 4;
  return `rgb(${colours[at]}, ${colours[at + 1]}, ${colours[at + 2]})`;
}

/** Black or white, whichever reads better on one of the colours. */
export function inkOn(colours: Uint8ClampedArray, share: number): string {
  const at = Math.round(Math.min(1, Math.max(0, share)) * 255) * 4;
  const light = 0.299 * colours[at] + 0.587 * colours[at + 1] + 0.114 * colours[at + 2];
  return light > 140 ? 'rgba(0, 0, 0, 0.85)' : 'rgba(255, 255, 255, 0.95)';
}

function mix(stops: Rgb[], share: number): Rgb {
  const place = share * (stops.length - 1);
  const left = Math.min(stops.length - 2, Math.floor(place));
  const rest = place - left;
  const [one, other] = [stops[left], stops[left + 1]];
  return [0, 1, 2].map(i => one[i] + (other[i] - one[i]) * rest) as unknown as Rgb;
}
