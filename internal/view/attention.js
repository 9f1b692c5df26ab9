(() => {
  const layers = JSON.parse(document.getElementById('data').textContent);
  const $ = (id) => document.getElementById(id);
  const make = (tag, of = {}, ...inside) => {
    const e = Object.assign(document.createElement(tag), of);
    e.append(...inside);
    return e;
  };
  const unpacked = new Map();
  const weights = (l) => {
    if (!unpacked.has(l)) {
      const bytes = Uint8Array.from(atob(layers[l].weights), (c) => c.charCodeAt(0));
      const out = new Float32Array(bytes.length / 2);
      for (let i = 0; i < out.length; i++) out[i] = (bytes[2 * i] + 256 * bytes[2 * i + 1]) / 65535;
      unpacked.set(l, out);
    }
    return unpacked.get(l);
  };
  // row returns the weights of a query; head -1 is the mean of all.
  const row = (l, head, query) => {
    const { queries, keys, heads } = layers[l], all = weights(l), n = keys.length;
    const one = (h) => all.subarray((h * queries.length + query) * n, (h * queries.length + query + 1) * n);
    if (head >= 0) return one(head);
    const mean = new Float32Array(n);
    for (let h = 0; h < heads; h++) one(h).forEach((w, k) => { mean[k] += w / heads; });
    return mean;
  };
  const level = (w) => Math.min(10, Math.round(Math.sqrt(w) * 10));
  const layer = $('layer'), head = $('head'), queries = $('queries'), keys = $('keys'), matrix = $('matrix'), told = $('told');
  layers.forEach((l, i) => layer.append(make('option', { value: i, textContent: l.name })));
  let query = layers[layers.length - 1].queries.length - 1; // the last token has seen most

  const heads = () => {
    const kept = head.value;
    head.replaceChildren(make('option', { value: -1, textContent: 'mean of all' }));
    for (let h = 0; h < layers[layer.value].heads; h++) head.append(make('option', { value: h, textContent: h }));
    head.value = kept && [...head.options].some((o) => o.value === kept) ? kept : '-1';
  };
  const drawMatrix = () => {
    const l = layers[layer.value], w = l.keys.length, h = l.queries.length;
    matrix.width = w;
    matrix.height = h;
    matrix.style.aspectRatio = `${w} / ${h}`;
    matrix.setAttribute('aria-label', `Attention of ${l.name}, ${head.selectedOptions[0].textContent}: a row for each query, a column for each key`);
    const context = matrix.getContext('2d'), image = context.createImageData(w, h);
    for (let q = 0; q < h; q++) row(+layer.value, +head.value, q).forEach((x, k) => image.data.set([42, 134, 200, 255 * Math.sqrt(x)], 4 * (q * w + k)));
    context.putImageData(image, 0, 0);
  };
  const drawTokens = () => {
    const l = layers[layer.value];
    query = Math.min(query, l.queries.length - 1);
    queries.replaceChildren(...l.queries.map((text, q) => {
      const b = make('button', { type: 'button', textContent: text, className: 'token' });
      b.setAttribute('aria-pressed', q === query);
      const choose = () => { query = q; drawQuery(); };
      b.addEventListener('click', choose);
      b.addEventListener('mouseenter', choose);
      return b;
    }));
  };
  const drawQuery = () => {
    const l = layers[layer.value], x = row(+layer.value, +head.value, query);
    [...queries.children].forEach((b, q) => b.setAttribute('aria-pressed', q === query));
    keys.replaceChildren(...l.keys.map((text, k) => make('span', { textContent: text, className: `token p${level(x[k])}`, title: x[k].toFixed(4) })));
    const order = [...x.keys()].filter((k) => x[k] > 0).sort((a, b) => x[b] - x[a]).slice(0, 12);
    $('strongest').replaceChildren(...order.map((k) => make('tr', {},
      make('td', { textContent: k }), make('th', { scope: 'row', textContent: l.keys[k] }), make('td', { textContent: x[k].toFixed(4) }))));
    told.textContent = `“${l.queries[query]}” (${query}) takes most from ${order.length ? `“${l.keys[order[0]]}” (${order[0]}): ${x[order[0]].toFixed(4)}` : 'nothing'}.`;
    document.querySelectorAll('.thumb').forEach((b) => b.setAttribute('aria-pressed', b.dataset.layer === layer.value && b.dataset.head === head.value));
  };
  const draw = () => { drawMatrix(); drawTokens(); drawQuery(); };
  layer.addEventListener('change', () => { heads(); draw(); });
  head.addEventListener('change', draw);
  matrix.addEventListener('mousemove', (e) => {
    const box = matrix.getBoundingClientRect(), l = layers[layer.value];
    const q = Math.floor((e.clientY - box.top) / box.height * l.queries.length);
    const k = Math.floor((e.clientX - box.left) / box.width * l.keys.length);
    if (!l.queries[q] || !l.keys[k]) return;
    query = q;
    drawQuery();
    told.textContent = `“${l.queries[q]}” (${q}) takes ${row(+layer.value, +head.value, q)[k].toFixed(4)} from “${l.keys[k]}” (${k}).`;
  });
  document.querySelectorAll('.thumb').forEach((b) => b.addEventListener('click', () => {
    layer.value = b.dataset.layer;
    heads();
    head.value = b.dataset.head;
    draw();
    $('h-one').scrollIntoView({ block: 'nearest' });
  }));
  layer.value = layers.length - 1;
  heads();
  draw();
})();
