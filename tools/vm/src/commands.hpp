// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// The subcommands of hm-vm: each declares its options and, when it is the one called, sets
/// `chosen` to what is to be done.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "error.hpp"

namespace hm::vm {

using Chosen = std::function<Result<Exit>()>;

void add_kernel_command(CLI::App &app, Chosen &chosen);
void add_initramfs_command(CLI::App &app, Chosen &chosen);
void add_run_command(CLI::App &app, Chosen &chosen);
void add_report_command(CLI::App &app, Chosen &chosen);
void add_shell_command(CLI::App &app, Chosen &chosen);

/// tools/vm of the source tree that this program was built from.
std::filesystem::path vm_source_dir();
/// The folder of the running program.
std::filesystem::path program_dir();

} // namespace hm::vm
