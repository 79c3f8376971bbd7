declare module '@bokeh/bokehjs/build/js/bokeh.esm.min.js' {
  const main: { require(name: string): Record<string, unknown> };
  export default main;
}

declare module '@bokeh/bokehjs/build/js/bokeh-api.esm.min.js';
