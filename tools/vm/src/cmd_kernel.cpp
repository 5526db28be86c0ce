// SPDX-License-Identifier: GPL-2.0-only
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "commands.hpp"
#include "kernel.hpp"
#include "term.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{

Result<Exit> kernel_command(const KernelArgs &args)
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

} // namespace hm::vm
