// The only door to BokehJS: loaded when the first curve is drawn, from this package's own files.
export { Document } from '@bokeh/bokehjs/build/js/lib/document';
export { add_document_standalone } from '@bokeh/bokehjs/build/js/lib/embed/standalone';
export { Figure } from '@bokeh/bokehjs/build/js/lib/api/figure';
export { ColumnDataSource } from '@bokeh/bokehjs/build/js/lib/models/sources/column_data_source';
export { HoverTool } from '@bokeh/bokehjs/build/js/lib/models/tools/inspectors/hover_tool';
export { InlineStyleSheet } from '@bokeh/bokehjs/build/js/lib/core/dom';
export type { GlyphRenderer } from '@bokeh/bokehjs/build/js/lib/models/renderers/glyph_renderer';
export type { ViewManager } from '@bokeh/bokehjs/build/js/lib/core/view_manager';
