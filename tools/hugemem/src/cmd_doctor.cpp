// SPDX-License-Identifier: GPL-2.0-only
// hugemem doctor: what this kernel offers to hugemem, in one block for a bug report.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "bpf_log.hpp"
#include "commands.hpp"
#include "kernel_view.hpp"
#include "latency_probe.hpp"
#include "machine.hpp"
#include "page_flags.hpp"
#include "pools.hpp"
#include "privilege.hpp"
#include "strays.hpp"
#include "text_file.hpp"
#include "told.hpp"

namespace hugemem
{
namespace
{

/// One finding; `bad` ones, for what is missing, make the doctor's exit code 3, `wrong` ones,
/// for what is broken, make it 1.
class Report
{
public:
	void good(std::string_view what, std::string_view detail) { line("yes", what, detail); }
	void plain(std::string_view what, std::string_view detail) { line("   ", what, detail); }
	void bad(std::string_view what, std::string_view detail)
	{
		bad_ = true;
		line("NO ", what, detail);
	}
	void wrong(std::string_view what, std::string_view detail)
	{
		wrong_ = true;
		line("BAD", what, detail);
	}
	[[nodiscard]] Exit code() const
	{
		return wrong_ ? Exit::mismatch : bad_ ? Exit::environment : Exit::ok;
	}

private:
	static void line(std::string_view mark, std::string_view what, std::string_view detail)
	{
		fmt::print("{} {:<28} {}\n", mark, what, detail);
	}
	bool bad_ = false;
	bool wrong_ = false;
};

void permissions(Report &r)
{
	for (const auto &[cap, name] :
	     {std::pair{Cap::bpf, "CAP_BPF"}, std::pair{Cap::perfmon, "CAP_PERFMON"},
	      std::pair{Cap::sys_admin, "CAP_SYS_ADMIN"}}) {
		if (has_cap(cap))
			r.good(name, "");
		else
			r.bad(name, "run as root, or with sudo");
	}
	if (has_cap(Cap::sys_resource))
		r.good("CAP_SYS_RESOURCE", "");
	else
		r.plain("CAP_SYS_RESOURCE",
			"absent: RLIMIT_MEMLOCK cannot be raised, which matters before 5.11");
	const std::string lock = lockdown();
	if (lock == "confidentiality")
		r.bad("lockdown", "confidentiality: kernel memory cannot be read");
	else
		r.plain("lockdown", lock.empty() ? "not in this kernel" : lock);
}

void kernel_features(Report &r, const Result<KernelBtf> &btf)
{
	if (!btf) {
		r.bad("BTF", btf.error().text());
		return;
	}
	r.good("BTF", "");
	if (btf->fexit_survives_sleep())
		r.good("fexit around sleeping", "struct bpf_tramp_image");
	else
		r.plain("fexit around sleeping", "unsafe, kprobes are used instead");
	const auto shape = page_shape(*btf);
	if (!shape)
		r.bad("struct page", shape.error().text());
	else
		r.plain("struct page",
			fmt::format("{} bytes, {} at {}", shape->page_size,
				    shape->has_compound_info ? "compound_info" : "compound_head",
				    shape->compound_at));
}

/// Attaches to every event for a moment.
void ladders(Report &r, const Result<KernelBtf> &btf)
{
	const auto symbols = Symbols::load();
	if (!symbols) {
		r.bad("functions", symbols.error().text());
		return;
	}
	for (const Event &event : events()) {
		const bool must = event.name == "alloc" || event.name == "free";
		const std::string what = "latency of " + event.name;
		const auto fits = fit(event, *symbols);
		const bool absent = std::all_of(fits.begin(), fits.end(),
						[](const Fit &f) { return f.targets.empty(); });
		if (absent && !must) {
			r.plain(what, "not in this kernel");
			continue;
		}
		const auto probe = LatencyProbe::start(event, *symbols, btf ? &*btf : nullptr, {});
		if (probe) {
			r.good(what, fmt::format("{} (rung {} of {})", probe->anchor_text(),
						 probe->rung() + 1, event.rungs.size()));
			for (const auto &why : probe->passed_over())
				r.plain("", "  passed over " + why);
		} else if (must) {
			r.bad(what, probe.error().text());
		} else {
			r.plain(what, probe.error().cause);
		}
	}
}

void memory_map(Report &r)
{
	const auto view = KernelView::open();
	if (!view) {
		r.bad("reading page tables", view.error().text());
		return;
	}
	r.good("reading page tables",
	       fmt::format("{} levels, direct map {:#x}, vmemmap {:#x} by {}", view->space.levels,
			   view->space.direct_map, view->map.base, view->base_by));
}

/// What releases of huge pages have left behind, and whether the kernel has complained.
void damage(Report &r)
{
	const auto flags = open_page_flags();
	if (!flags) {
		r.bad("/proc/kpageflags", flags.error().text());
	} else {
		r.good("/proc/kpageflags", "");
		const auto strays = settled_strays(**flags);
		if (!strays)
			r.bad("struct pages of released pages", strays.error().text());
		else if (!strays->empty())
			r.wrong("damaged struct pages", strays_text(*strays) +
								" still marked as parts of huge "
								"pages that are gone: this kernel "
								"damages them when it releases "
								"huge pages, and their memory is "
								"lost until the next boot; keep "
								"the vmemmap optimisation off");
	}
	constexpr std::uint64_t taint_bad_page = 1U << 5;
	const auto taint = read_number("/proc/sys/kernel/tainted");
	if (taint && *taint & taint_bad_page)
		r.wrong("bad pages", "the kernel has met damaged struct pages since boot (taint "
				     "flag B); its log says which");
}

Result<Exit> run_doctor(bool debug)
{
	const BpfLog log(debug);
	Report r;
	r.plain("hugemem", HUGEMEM_VERSION);
	r.plain("libbpf", fmt::format("{} (sessions need 1.5)", libbpf_version_string()));
	r.plain("kernel", kernel_name());
	r.plain("build id", kernel_build_id());
	permissions(r);
	const auto btf = KernelBtf::load();
	kernel_features(r, btf);
	ladders(r, btf);
	memory_map(r);
	damage(r);
	const Told told = read_told();
	r.plain("vmemmap optimisation", told.how);
	if (const auto pools = read_pools()) {
		for (const Pool &p : *pools)
			r.plain("pool of " + size_name(p.page_kib),
				fmt::format("{} pages, {} free, {} surplus", p.pages, p.free,
					    p.surplus));
	} else {
		r.bad("huge page pools", pools.error().text());
	}
	return r.code();
}

} // namespace

void add_doctor(CLI::App &app, Run &run)
{
	auto debug = std::make_shared<bool>(false);
	auto *cmd =
		app.add_subcommand("doctor", "what this kernel offers; one block for a bug report");
	cmd->add_flag("--debug", *debug, "libbpf's messages, on standard error");
	cmd->callback([debug, &run] { run = [debug] { return run_doctor(*debug); }; });
}

} // namespace hugemem
