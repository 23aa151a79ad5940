/** checkout.mjs: for import. */

import { gatewayFrom } from "./gateway";

export const PaymentGateway = gatewayFrom(import.meta.url);
export type PaymentGateway = InstanceType<typeof PaymentGateway>;
export default PaymentGateway;
