/** HTTP over a socket of its own with as little work as can be: the clients share the machine with the server. */
import { connect } from "node:net";

export class Connection {
  #socket;
  /** @type {Buffer[]} */
  #pieces = [];
  #length = 0;
  #wanted = Infinity;
  #status = 0;
  /** @type {((status: number) => void) | undefined} */
  #answered;

  /** @param {import("node:net").Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (/** @type {Buffer} */ piece) => this.#read(piece));
    // 0: no answer.
    socket.on("error", () => {}).on("close", () => this.#answer(0));
  }

  /**
   * @param {number} port
   * @returns {Promise<Connection>}
   */
  static open(port) {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new Connection(socket)));
      socket.once("error", reject);
    });
  }

  get isOpen() {
    return !this.#socket.destroyed;
  }

  /**
   * The status of the answer once all of it is there; 0 where there is none.
   * @param {string} request
   * @returns {Promise<number>}
   */
  ask(request) {
    return new Promise((resolve) => {
      if (!this.isOpen) return resolve(0);
      this.#answered = resolve;
      this.#socket.write(request);
    });
  }

  close() {
    this.#socket.destroy();
  }

  /** @param {Buffer} piece */
  #read(piece) {
    this.#length += piece.length;
    if (this.#wanted === Infinity) {
      this.#pieces.push(piece);
      const start = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
      const end = start.indexOf("\r\n\r\n");
      if (end === -1) return;
      const head = start.toString("latin1", 0, end);
      this.#status = Number(head.slice(9, 12));
      this.#wanted = end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    }
    if (this.#length >= this.#wanted) this.#answer(this.#status);
  }

  /** @param {number} status */
  #answer(status) {
    this.#pieces = [];
    this.#length = 0;
    this.#wanted = Infinity;
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(status);
  }
}

/**
 * Connections for requests at any time: a free one each, or one more up to `most`; then a request waits for one.
 * @param {number} port
 * @param {number} most
 */
export function freeConnections(port, most) {
  const free = /** @type {Connection[]} */ ([]);
  const all = /** @type {Set<Connection>} */ (new Set());
  const waiting = /** @type {((connection: Connection) => void)[]} */ ([]);
  let opened = 0;
  const open = async () => {
    const made = await Connection.open(port);
    all.add(made);
    return made;
  };
  /** @returns {Promise<Connection>} */
  const take = async () => {
    const connection = free.pop();
    if (connection) return connection;
    if (opened >= most) return new Promise((resolve) => waiting.push(resolve));
    opened += 1;
    return open();
  };
  return {
    /** Opens some before they are needed, so that it is requests that are timed. */
    async prepare() {
      for (opened = 0; opened < most; opened++) free.push(await open());
    },
    /** @param {string} request */
    async ask(request) {
      let connection = await take();
      if (!connection.isOpen) {
        all.delete(connection);
        connection = await open();
      }
      const status = await connection.ask(request);
      const next = waiting.shift();
      if (next) next(connection);
      else free.push(connection);
      return status;
    },
    close() {
      for (const connection of all) connection.close();
    },
  };
}
