// Questions to the kernel, one after the other: a key acts when the one before it has been answered, so at most one
// decision is ever on its way.
const FM_PATIENCE = 10000;

class FmWire {
  constructor(model, onEvent) {
    this.model = model;
    this.name = `${Date.now()}-${Math.random()}`;
    this.waiting = new Map();
    this.next = 1;
    this.chain = Promise.resolve();
    this.listen = message => {
      if (message && message.event) {
        onEvent(message.event);
      } else if (message && message.to === this.name && this.waiting.has(message.n)) {
        const settle = this.waiting.get(message.n);
        this.waiting.delete(message.n);
        settle(message);
      }
    };
    model.on('msg:custom', this.listen);
  }

  // Resolves to the answer; to null when no kernel answers.
  ask(what, facts = {}) {
    const n = this.next++;
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        this.waiting.delete(n);
        resolve(null);
      }, FM_PATIENCE);
      this.waiting.set(n, message => {
        clearTimeout(timer);
        resolve(message);
      });
      try {
        this.model.send({ ...facts, to: this.name, n, do: what });
      } catch {
        clearTimeout(timer);
        this.waiting.delete(n);
        resolve(null);
      }
    });
  }

  // Runs an action when those before it are through.
  then(action) {
    this.chain = this.chain.then(action, action);
    return this.chain;
  }

  close() {
    this.model.off('msg:custom', this.listen);
  }
}
