/** Light, dark, or as the system has it. */

import { ActionIcon, type MantineColorScheme, Menu, Tooltip, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";

const SCHEMES: [MantineColorScheme, string, typeof IconSun][] = [
  ["light", "Light", IconSun],
  ["dark", "Dark", IconMoon],
  ["auto", "As the system", IconDeviceDesktop],
];

export function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [, name, Icon] = SCHEMES.find(([scheme]) => scheme === colorScheme) ?? SCHEMES[2] ?? ["auto", "", IconSun];
  return (
    <Menu withinPortal={false}>
      <Menu.Target>
        <Tooltip label="Theme">
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Theme: ${name.toLowerCase()}`}>
            <Icon size={18} stroke={1.7} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(([scheme, label, Each]) => (
          <Menu.Item
            key={scheme}
            leftSection={<Each size={16} aria-hidden />}
            rightSection={scheme === colorScheme ? <IconCheck size={15} aria-label="chosen" /> : null}
            onClick={() => setColorScheme(scheme)}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
