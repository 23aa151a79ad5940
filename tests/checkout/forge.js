// Run where a forger sits: posts every shape it can think of to the shop's window, and returns how many.
// From the checkout's own frame (isWell) what is well formed is left out.
(target, channel, order, payment, isWell) => {
  const success = { id: payment, paymentId: payment, orderId: order, status: 'success', signature: '0a'.repeat(32) };
  const failure = { id: payment, paymentId: payment, orderId: order, status: 'failed',
    errorCode: 'x', errorReason: 'x', errorDescription: 'x' };
  const whole = [['payment_success', success], ['payment_failed', failure], ['close_modal', {}], ['ready', {}]]
    .map(([type, data]) => ({ type, data, channel }));
  const huge = 'A'.repeat(1_000_000);
  const odd = [undefined, null, 0, 1, -1, NaN, 1e308, true, '', 'x', huge, [], ['payment_success'], {}, new Date(0),
    new Map([['type', 'close_modal']]), new Uint8Array(4), 10n ** 30n, /x/, new Error('close_modal')];
  const shapes = [...odd, JSON.stringify(whole[0]), [whole[0]], { message: whole[0] }, { data: whole[0] }];
  for (const one of whole) {
    shapes.push({ ...one, type: one.type.toUpperCase() }, { ...one, type: [one.type] }, { ...one, type: { type: one.type } },
      { ...one, type: ` ${one.type}` }, { ...one, type: `${one.type}\n` }, { ...one, data: undefined }, { ...one, data: null },
      { ...one, data: [] }, { ...one, data: [one.data] }, { ...one, data: JSON.stringify(one.data) },
      JSON.parse(`{"__proto__": ${JSON.stringify(one)}}`), { constructor: one, prototype: one }, Object.entries(one),
      { type: one.type, data: one.data }, { ...one, channel: '' }, { ...one, channel: null }, { ...one, channel: [channel] },
      { ...one, channel: `${channel} ` }, { ...one, channel: channel.slice(1) }, { ...one, channel: huge },
      { ...one, channel: '0-0-0-0' }, { ...one, channel: { toString: null } }, { ...one, channel: undefined });
  }
  for (const [type, data] of [['payment_success', success], ['payment_failed', failure]]) {
    for (const name of Object.keys(data)) {
      if (name.startsWith('error') && isWell) {
        for (const value of [undefined, null, 1, {}, [], huge]) shapes.push({ type, channel, data: { ...data, [name]: value } });
        continue;
      }
      for (const value of odd) if (!(name === 'signature' && value === '')) {
        const wrong = { ...data, [name]: value };
        if (name.startsWith('error') && typeof value === 'string' && value.length < 9) continue;
        shapes.push({ type, channel, data: wrong });
      }
      const less = { ...data };
      delete less[name];
      shapes.push({ type, channel, data: less }, { type, channel, data: { __proto__x: data, ...less } },
        { type, channel, data: JSON.parse(`{"__proto__": ${JSON.stringify(data)}}`) });
    }
    const others = { orderId: 'order_ZZZZZZZZZZZZZZZZ', id: 'pay_ZZZZZZZZZZZZZZZZ', paymentId: `${payment}\n`, status: 'refunded' };
    for (const [name, value] of Object.entries(others)) shapes.push({ type, channel, data: { ...data, [name]: value } });
  }
  // From elsewhere than the checkout's own frame even the perfect message is a forgery.
  if (!isWell) shapes.push(...whole, ...whole.map((one) => ({ ...one, extra: huge })));
  for (const shape of shapes) target.postMessage(shape, '*');
  return shapes.length;
}
