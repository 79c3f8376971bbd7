// BokehJS names source maps that its npm package does not carry; 500 lines about that would hide a real warning.
module.exports = { ignoreWarnings: [/Failed to parse source map/] };
