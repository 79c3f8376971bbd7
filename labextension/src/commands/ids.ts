/** The commands of fmtools. */
export const CommandIDs = {
  openSidebar: 'fmtools:open-sidebar',
  openRun: 'fmtools:open-run',
  openLatest: 'fmtools:open-latest-run',
  stopLatest: 'fmtools:stop-latest-run',
  steer: 'fmtools:steer-run',
  copyCommand: 'fmtools:copy-latest-command',
  runInBrowser: 'fmtools:run-in-browser',
  openServer: 'fmtools:open-server',
  newNotebook: 'fmtools:new-training-notebook'
} as const;
