// SPDX-License-Identifier: GPL-2.0-only
#include "anchor.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <fmt/format.h>

#include "bpf_log.hpp"
#include "hugemem_abi.h"
#include "latency.skel.h"
#include "privilege.hpp"

namespace hugemem
{
namespace
{

struct DestroySkeleton {
	void operator()(hm_latency *skeleton) const { hm_latency__destroy(skeleton); }
};
struct DestroyLink {
	void operator()(bpf_link *link) const { bpf_link__destroy(link); }
};
using Skeleton = std::unique_ptr<hm_latency, DestroySkeleton>;
using Link = std::unique_ptr<bpf_link, DestroyLink>;

/// The mask that leaves the meaningful bits of a returned register.
std::uint64_t mask_of(unsigned bytes)
{
	return bytes >= 8 ? ~0ULL : (1ULL << (bytes * 8)) - 1;
}

tl::unexpected<Error> attach_error(std::string_view step, Attach kind, const std::string &symbol,
				   int error)
{
	std::string cause = fmt::format("{}: {}", step, errno_text(error));
	if (const std::string words = BpfLog::last_words(); !words.empty())
		cause += ", " + words;
	if (const std::string hint = memlock_hint(error); !hint.empty())
		cause += "; " + hint;
	return fail(Exit::environment, fmt::format("{} on {}", attach_name(kind), symbol), cause);
}

} // namespace

std::string_view attach_name(Attach kind)
{
	switch (kind) {
	case Attach::fentry:
		return "fentry+fexit";
	case Attach::kprobe_multi:
		return "kprobe.multi";
	case Attach::kprobe:
		return "kprobe+kretprobe";
	}
	return "?";
}

std::optional<Attach> attach_from_name(std::string_view name)
{
	if (name == "fentry")
		return Attach::fentry;
	if (name == "multi")
		return Attach::kprobe_multi;
	if (name == "kprobe")
		return Attach::kprobe;
	return std::nullopt;
}

const std::vector<Attach> &attach_kinds()
{
	static const std::vector<Attach> kinds = {Attach::fentry, Attach::kprobe_multi,
						  Attach::kprobe};
	return kinds;
}

Counters Counters::since(const Counters &earlier) const
{
	return {
		.starts = starts - earlier.starts,
		.ends = ends - earlier.ends,
		.failed = failed - earlier.failed,
		.nested = nested - earlier.nested,
		.unmatched = unmatched - earlier.unmatched,
		.dropped = dropped - earlier.dropped,
		.lost = lost - earlier.lost,
		.sum_ns = sum_ns - earlier.sum_ns,
		.failed_sum_ns = failed_sum_ns - earlier.failed_sum_ns,
		.histogram = histogram.since(earlier.histogram),
	};
}

struct Anchor::Impl {
	Attach kind = Attach::fentry;
	FunctionSymbol symbol;
	Skeleton skeleton;
	Link leave; // attached first, detached last
	Link enter;

	[[nodiscard]] Result<std::vector<hm_lat>> read() const
	{
		const int cpus = libbpf_num_possible_cpus();
		if (cpus < 1)
			return fail(Exit::environment, "number of CPUs", errno_text(cpus));
		std::vector<hm_lat> per_cpu(static_cast<std::size_t>(cpus));
		const std::uint32_t zero = 0;
		if (bpf_map_lookup_elem(bpf_map__fd(skeleton->maps.stats), &zero, per_cpu.data()))
			return fail(Exit::environment, "reading the counters", errno_text(errno));
		return per_cpu;
	}
};

Anchor::Anchor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Anchor::Anchor(Anchor &&) noexcept = default;
Anchor &Anchor::operator=(Anchor &&) noexcept = default;
Anchor::~Anchor() = default;

Attach Anchor::kind() const
{
	return impl_->kind;
}
const std::string &Anchor::symbol() const
{
	return impl_->symbol.name;
}
Clone Anchor::clone() const
{
	return impl_->symbol.clone;
}

Result<Anchor> Anchor::attach(Attach kind, const Fit::Target &target, hm_ret ret,
			      const KernelBtf *btf, const ProbeOptions &options,
			      const Anchor *first)
{
	BpfLog::clear();
	const std::string &name = target.symbol.name;
	const auto refuse = [&](std::string cause) {
		return fail(Exit::environment, fmt::format("{} on {}", attach_name(kind), name),
			    std::move(cause));
	};

	// A clone has no prototype of its own; the compiler may have changed its
	// arguments, but not what it returns.
	const auto own = btf ? btf->function(name) : std::nullopt;
	const auto source = btf ? btf->function(target.function) : std::nullopt;
	if (kind == Attach::fentry) {
		if (!btf)
			return refuse("no BTF");
		if (!own)
			return refuse("no prototype in BTF");
		if (own->args > 6)
			return refuse(
				fmt::format("{} arguments, at most 6 are possible", own->args));
		if (!btf->fexit_survives_sleep())
			return refuse(
				"fexit is not safe around a function that sleeps on this kernel "
				"(no struct bpf_tramp_image)");
	}

	auto impl = std::make_unique<Impl>();
	impl->kind = kind;
	impl->symbol = target.symbol;
	impl->skeleton.reset(hm_latency__open());
	if (!impl->skeleton)
		return attach_error("opening", kind, name, errno);
	hm_latency &skel = *impl->skeleton;

	bpf_program *enter = nullptr;
	bpf_program *leave = nullptr;
	switch (kind) {
	case Attach::fentry:
		enter = skel.progs.lat_fentry;
		leave = skel.progs.lat_fexit;
		break;
	case Attach::kprobe_multi:
		enter = skel.progs.lat_kmulti;
		leave = skel.progs.lat_kmulti_ret;
		break;
	case Attach::kprobe:
		enter = skel.progs.lat_kprobe;
		leave = skel.progs.lat_kretprobe;
		break;
	}
	bpf_program *program = nullptr;
	bpf_object__for_each_program(program, skel.obj)
		bpf_program__set_autoload(program, program == enter || program == leave);

	const auto prototype = own ? own : source;
	skel.rodata->nr_args = prototype ? prototype->args : 0;
	skel.rodata->ret_kind = prototype && !prototype->returns ? HM_RET_VOID : ret;
	skel.rodata->ret_mask = mask_of(prototype ? prototype->ret_bytes : 8);
	skel.rodata->unit_ns = options.unit_ns;
	skel.rodata->only_tgid = options.only_tgid;
	skel.rodata->only_cgroup = options.cgroup_fd >= 0;
	// Kernels without control groups have no such maps.
	bpf_map__set_autocreate(skel.maps.cgroup, options.cgroup_fd >= 0);

	int err = 0;
	if (kind == Attach::fentry) {
		err = bpf_program__set_attach_target(enter, 0, name.c_str());
		if (!err)
			err = bpf_program__set_attach_target(leave, 0, name.c_str());
		if (err)
			return attach_error("finding it", kind, name, err);
	}
	if (first) {
		const hm_latency &shared = *first->impl_->skeleton;
		err = bpf_map__reuse_fd(skel.maps.stats, bpf_map__fd(shared.maps.stats));
		if (!err)
			err = bpf_map__reuse_fd(skel.maps.inflight,
						bpf_map__fd(shared.maps.inflight));
		if (err)
			return attach_error("sharing maps", kind, name, err);
	}
	err = hm_latency__load(&skel);
	if (err)
		return attach_error("loading", kind, name, err);
	skel.bss->epoch = 1;
	if (options.cgroup_fd >= 0) {
		const std::uint32_t zero = 0;
		if (bpf_map_update_elem(bpf_map__fd(skel.maps.cgroup), &zero, &options.cgroup_fd,
					BPF_ANY))
			return attach_error("naming the control group", kind, name, errno);
	}

	// Return first: a call that enters in between is an unmatched return, which is
	// counted; the other way round it would look in flight for ever.
	const auto hook = [&](bpf_program *prog, bool returning) -> bpf_link * {
		if (kind == Attach::fentry)
			return bpf_program__attach_trace(prog);
		if (kind == Attach::kprobe)
			return bpf_program__attach_kprobe(prog, returning, name.c_str());
		const char *symbol = name.c_str();
		bpf_kprobe_multi_opts opts{};
		opts.sz = sizeof(opts);
		opts.syms = &symbol;
		opts.cnt = 1;
		opts.retprobe = returning;
		return bpf_program__attach_kprobe_multi_opts(prog, nullptr, &opts);
	};
	impl->leave.reset(hook(leave, true));
	if (!impl->leave)
		return attach_error("attaching to the return", kind, name, errno);
	impl->enter.reset(hook(enter, false));
	if (!impl->enter)
		return attach_error("attaching to the entry", kind, name, errno);
	return Anchor(std::move(impl));
}

void Anchor::set_epoch(std::uint64_t epoch)
{
	// Read by programs on other CPUs: one aligned store.
	__atomic_store_n(&impl_->skeleton->bss->epoch, epoch, __ATOMIC_RELEASE);
}

void Anchor::stop_entries()
{
	impl_->enter.reset();
}

std::optional<std::uint64_t> Anchor::missed() const
{
	std::uint64_t sum = 0;
	bpf_program *program = nullptr;
	bpf_object__for_each_program(program, impl_->skeleton->obj)
	{
		if (!bpf_program__autoload(program))
			continue;
		bpf_prog_info info{};
		std::uint32_t size = sizeof(info);
		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			return std::nullopt;
		if (size <
		    offsetof(bpf_prog_info, recursion_misses) + sizeof(info.recursion_misses))
			return std::nullopt;
		sum += info.recursion_misses;
	}
	return sum;
}

Result<Counters> Anchor::counters() const
{
	const auto per_cpu = impl_->read();
	if (!per_cpu)
		return tl::unexpected(per_cpu.error());
	Counters sum;
	for (const hm_lat &cpu : *per_cpu) {
		sum.starts += cpu.starts;
		sum.ends += cpu.ends;
		sum.failed += cpu.failed;
		sum.nested += cpu.nested;
		sum.unmatched += cpu.unmatched;
		sum.dropped += cpu.dropped;
		sum.lost += cpu.lost;
		sum.sum_ns += cpu.sum;
		sum.failed_sum_ns += cpu.failed_sum;
		for (unsigned i = 0; i < HM_BUCKETS; i++)
			sum.histogram.add_bucket(i, cpu.bucket[i]);
	}
	return sum;
}

Result<std::optional<Extremes>> Anchor::extremes(std::uint64_t epoch) const
{
	const auto per_cpu = impl_->read();
	if (!per_cpu)
		return tl::unexpected(per_cpu.error());
	std::optional<Extremes> all;
	for (const hm_lat &cpu : *per_cpu) {
		const hm_extreme &e = cpu.extreme[epoch & 1];
		if (e.epoch != epoch)
			continue;
		if (!all)
			all = Extremes{.min_ns = e.min, .max_ns = e.max};
		all->min_ns = std::min<std::uint64_t>(all->min_ns, e.min);
		all->max_ns = std::max<std::uint64_t>(all->max_ns, e.max);
	}
	return all;
}

} // namespace hugemem
