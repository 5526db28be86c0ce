// SPDX-License-Identifier: GPL-2.0-only
// hm-vm: builds kernels for tests, boots them in QEMU, judges and compares what the guests say.
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.hpp"
#include "stop.hpp"
#include "term.hpp"

int main(int argc, char **argv)
{
    using namespace hm::vm;
    stop::install();
    CLI::App app{"Builds kernels for tests, boots them in QEMU and compares stock with patched.\n"
                 "Exit status: 0 all holds, 1 a test or gate failed, 2 usage, 3 environment."};
    app.name("hm-vm");
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "help of all subcommands");
    std::function<Result<Exit>()> chosen;
    add_kernel_command(app, chosen);
    add_initramfs_command(app, chosen);
    add_run_command(app, chosen);
    add_report_command(app, chosen);
    add_shell_command(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::usage);
    }
    const Result<Exit> result = chosen();
    if (!result)
        term::complain(result.error());
    stop::die_if_requested();
    return static_cast<int>(result ? *result : result.error().code);
}
