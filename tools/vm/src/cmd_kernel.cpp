// SPDX-License-Identifier: GPL-2.0-only
#include <chrono>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "commands.hpp"
#include "kernel.hpp"
#include "term.hpp"

namespace fs = std::filesystem;

namespace hm::vm {
namespace {

struct KernelArgs {
    std::string src;
    std::string out;
    std::vector<std::string> configs;
    std::string fragment;
    std::string log;
    std::vector<std::string> targets;
    unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
    bool stock = false;
    bool configure_only = false;
};

Result<Exit> kernel(const KernelArgs &args)
{
    KernelSpec spec;
    spec.src = args.src;
    spec.out = args.out;
    spec.configs.assign(args.configs.begin(), args.configs.end());
    spec.features = args.fragment;
    spec.stock = args.stock;
    spec.jobs = args.jobs;
    spec.configure_only = args.configure_only;
    spec.log = args.log;
    if (!args.targets.empty())
        spec.targets = args.targets;
    const auto begin = std::chrono::steady_clock::now();
    if (auto st = build_kernel(spec); !st)
        return tl::unexpected(st.error());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    term::say(fmt::format("{}: {} in {:.0f} s", args.out,
                          args.configure_only ? "configured" : "built", took.count()));
    return Exit::ok;
}

} // namespace

void add_kernel_command(CLI::App &app, Chosen &chosen)
{
    auto args = std::make_shared<KernelArgs>();
    CLI::App *cmd = app.add_subcommand("kernel", "configure and build a kernel for tests");
    cmd->add_option("-s,--src", args->src, "kernel tree (left untouched)")->required();
    cmd->add_option("-o,--out", args->out, "build folder")->required();
    cmd->add_option("-c,--config", args->configs,
                    "fragment on top of tinyconfig, repeatable (tools/vm/config/*.config)")
        ->required();
    cmd->add_option("-f,--fragment", args->fragment, "Kconfig.fragment, the features of the series");
    cmd->add_flag("--stock", args->stock,
                  "the tree lacks the series: features it does not know are left out, and said");
    cmd->add_option("-j,--jobs", args->jobs, "compilations at a time (default: processors)")
        ->check(CLI::Range(1, 1024));
    cmd->add_flag("--configure-only", args->configure_only, "stop after the check of the options");
    cmd->add_option("--target", args->targets, "make targets (default: bzImage vmlinux)");
    cmd->add_option("--log", args->log, "log file (default: CACHE/log/kernel-NAME.log)");
    cmd->callback([args, &chosen] { chosen = [args] { return kernel(*args); }; });
}

} // namespace hm::vm
