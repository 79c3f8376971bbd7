// The only door to BokehJS: loaded when the first curve is drawn, from this package's own files. The ready-made bundles are
// taken because the single modules of the npm package declare class fields that wipe what their base class has set.
import main from '@bokeh/bokehjs/build/js/bokeh.esm.min.js';
import '@bokeh/bokehjs/build/js/bokeh-api.esm.min.js';

import type { Figure } from '@bokeh/bokehjs/build/js/lib/api/figure';
import type { ViewManager } from '@bokeh/bokehjs/build/js/lib/core/view_manager';
import type { Document } from '@bokeh/bokehjs/build/js/lib/document';
import type { add_document_standalone } from '@bokeh/bokehjs/build/js/lib/embed/standalone';
import type { ColumnDataSource } from '@bokeh/bokehjs/build/js/lib/models/sources/column_data_source';

export type { ColumnDataSource, Figure, ViewManager };

/** The parts of BokehJS that the curves are drawn with. */
export interface IBokeh {
  Document: typeof Document;
  Figure: typeof Figure;
  ColumnDataSource: typeof ColumnDataSource;
  add_document_standalone: typeof add_document_standalone;
}

export const bokeh: IBokeh = {
  Document: main.require('document').Document,
  Figure: main.require('api/figure').Figure,
  ColumnDataSource: main.require('models/sources/column_data_source').ColumnDataSource,
  add_document_standalone: main.require('embed/standalone').add_document_standalone
} as IBokeh;
