import { LabIcon } from '@jupyterlab/ui-components';

// A curve that falls and levels out, with the point where it is now.
const RUNS = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" fill="none">
  <g class="jp-icon3" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    <path d="M4 3v17h17"/><path d="M7.5 6c1.2 6 3.4 9 9.6 9.7"/></g>
  <circle class="jp-icon3" fill="#616161" cx="18.6" cy="15.8" r="2.1"/>
</svg>`;

/** The icon of runs: sidebar, launcher, tabs. */
export const runsIcon = new LabIcon({ name: 'fmtools:runs', svgstr: RUNS });

const BROWSER = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" fill="none">
  <g class="jp-icon3" stroke="#616161" stroke-width="2" stroke-linejoin="round">
    <rect x="3" y="4" width="18" height="16" rx="2"/><path d="M3 8.5h18"/></g>
  <path class="jp-icon3" fill="#616161" d="M10 11v6.4l5-3.2z"/>
</svg>`;

/** The icon of running an exported model in the browser. */
export const browserIcon = new LabIcon({ name: 'fmtools:browser', svgstr: BROWSER });

const PAUSE = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161"><path d="M6 5h4v14H6z"/><path d="M14 5h4v14h-4z"/></g>
</svg>`;

/** The icon of the pause action. */
export const pauseIcon = new LabIcon({ name: 'fmtools:pause', svgstr: PAUSE });
