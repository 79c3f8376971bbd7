// Questions to the kernel, one after the other: a key acts when the one before it has been answered, so at most one
// decision is ever on its way.
const FM_PATIENCE = 6000;
const FM_GIVE_UP = 60000;

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
        this.waiting.get(message.n)(message);
      }
    };
    model.on('msg:custom', this.listen);
  }

  // Resolves to the answer; to null when no kernel answers at all. `onSlow(true)` says that one keeps us waiting.
  ask(what, facts, onSlow) {
    const n = this.next++;
    return new Promise(resolve => {
      const slow = setTimeout(() => onSlow(true), FM_PATIENCE);
      const settle = message => {
        clearTimeout(slow);
        clearTimeout(over);
        this.waiting.delete(n);
        onSlow(false);
        resolve(message);
      };
      const over = setTimeout(() => settle(null), what === 'save' ? 20 * FM_GIVE_UP : FM_GIVE_UP);
      this.waiting.set(n, settle);
      try {
        this.model.send({ ...facts, to: this.name, n, do: what });
      } catch {
        settle(null);
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
