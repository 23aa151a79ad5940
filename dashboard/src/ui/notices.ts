/** Short words at the corner of the screen: that something was done, or was not. */

import { notifications } from "@mantine/notifications";
import { adviceFor } from "./ErrorState";

export function tellDone(message: string): void {
  notifications.show({ message, color: "pine", autoClose: 4_000 });
}

export function tellProblem(error: unknown): void {
  notifications.show({ title: "That did not work", message: adviceFor(error), color: "red", autoClose: 9_000 });
}
