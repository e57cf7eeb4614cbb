// Runs kinesis-local so that it cannot outlive or expose anything: it listens on loopback only, on ports the system picks
// and reports, and it dies with its parent.
import { createRequire } from 'node:module';
import { Server } from 'node:net';

process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// The emulator ignores SIGTERM, and Ctrl-C reaches the whole group: the parent decides when it is over.
process.on('SIGINT', () => undefined);

const listen = Server.prototype.listen;
// The emulator binds every interface and cannot be told otherwise; the port it was given only says which server this is.
Server.prototype.listen = function (name, ...rest) {
  this.once('listening', () => process.send?.({ server: name, port: this.address().port }));
  return listen.call(this, 0, '127.0.0.1', ...rest);
};

createRequire(import.meta.url)('kinesis-local');
