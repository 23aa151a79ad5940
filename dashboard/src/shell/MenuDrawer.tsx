/** The menu where there is no room for it beside the page. */

import { Drawer } from "@mantine/core";
import { useOpenDialog } from "../ui/openDialogs";
import { Menu } from "./Menu";
import { MerchantSwitch } from "./MerchantSwitch";

export default function MenuDrawer({ onClose }: { onClose: () => void }) {
  useOpenDialog(onClose);
  return (
    <Drawer opened onClose={onClose} title="Menu" size={280} padding="sm" closeOnEscape={false} returnFocus={false}>
      <MerchantSwitch />
      <Menu />
    </Drawer>
  );
}
