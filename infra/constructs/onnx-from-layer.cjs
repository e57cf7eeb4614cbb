// Stands in for onnxruntime-node in a bundle. A layer lies on NODE_PATH, which `require` honours in every Node and
// `import` only in Lambda's. The name is a variable so that the bundler leaves the call alone.
const name = 'onnxruntime-node';
module.exports = require(name);
