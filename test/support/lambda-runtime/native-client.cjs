// Preloaded before the Lambda runtime interface client: replaces its only compiled part, the HTTP client for the Runtime API. Everything
// else is AWS's code, so that the bundle runs as in Lambda.
const http = require('node:http')
const Module = require('node:module')
const path = require('node:path')

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new http.Agent({ keepAlive: true })

function call(method, route, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { host, port, method, agent, path: `/2018-06-01/runtime/invocation/${route}`, headers }
    if (body !== undefined)
      Object.assign(headers, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    const request = http.request(options, (response) => {
      let text = ''
      response
        .setEncoding('utf8')
        .on('data', (more) => (text += more))
        .on('end', () => resolve({ bodyJson: text, headers: response.headers }))
    })
    request.on('error', reject).end(body)
  })
}

// Like the compiled client, it asks for the next invocation when the last response has been sent.
let answered = Promise.resolve()
const client = {
  initializeClient() {},
  async next() {
    await answered
    return call('GET', 'next')
  },
  done(id, body) {
    answered = call('POST', `${id}/response`, body)
  },
  error(id, body, cause) {
    answered = call('POST', `${id}/error`, body, { 'lambda-runtime-function-xray-error-cause': cause })
  },
}

const load = Module._load
Module._load = function (request, ...rest) {
  return path.basename(request) === 'rapid-client.node' ? client : load.call(this, request, ...rest)
}
