// BokehJS names source maps that its npm package does not carry, and onnxruntime-web asks for Node's modules when it is in
// Node: 500 lines about that would hide a real warning.
module.exports = {
  ignoreWarnings: [
    /Failed to parse source map/,
    { module: /onnxruntime-web/, message: /require function is used in a way|Critical dependency/ }
  ]
};
