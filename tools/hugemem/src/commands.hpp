// SPDX-License-Identifier: GPL-2.0-only
/// The commands of hugemem: each adds its options to the parser and runs.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "error.hpp"

namespace hugemem
{

/// What main() runs after parsing; set by the command that was given.
using Run = std::function<Result<Exit>()>;

void add_latency(CLI::App &app, Run &run);
void add_verify(CLI::App &app, Run &run);
void add_pins(CLI::App &app, Run &run);
void add_hotplug(CLI::App &app, Run &run);
void add_diff(CLI::App &app, Run &run);
void add_export(CLI::App &app, Run &run);
void add_doctor(CLI::App &app, Run &run);

} // namespace hugemem
