/* The live connection to the central system: what it tells, and orders that are answered.

   Line.open(told, lost)         begins; told(item) for every item, lost() when the line is gone
   Line.ask(order, charger, words)  a promise of {ok, ...} or {error}; it never fails */
"use strict";
const Line = (() => {
  const waiting = new Map();
  let socket = null, number = 0, pause = 500, told = null, lost = null;

  function connect() {
    socket = new WebSocket(`ws://${location.host}/live`);
    socket.onmessage = (event) => {
      pause = 500;
      const item = JSON.parse(event.data);
      if (item.kind !== "answer") return told(item);
      const done = waiting.get(item.id);
      waiting.delete(item.id);
      if (done) done(item);
    };
    socket.onclose = () => {
      for (const done of waiting.values()) done({ error: text("lost") });
      waiting.clear();
      lost();
      setTimeout(connect, pause);
      pause = Math.min(2 * pause, 15000);
    };
  }

  function open(onItem, onLost) {
    [told, lost] = [onItem, onLost];
    connect();
  }

  function ask(order, charger = "", words = []) {
    if (!socket || socket.readyState !== WebSocket.OPEN) return Promise.resolve({ error: text("lost") });
    const id = ++number;
    socket.send(JSON.stringify({ id, order, charger, words }));
    return new Promise((done) => waiting.set(id, done));
  }

  return { open, ask };
})();
