// SPDX-License-Identifier: GPL-2.0-only
#include "kernel_reader.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "bpf_log.hpp"
#include "hugemem_abi.h"
#include "kread.skel.h"
#include "privilege.hpp"

namespace hugemem
{

struct KernelReader::Impl {
	struct Destroy {
		void operator()(hm_kread *s) const { hm_kread__destroy(s); }
	};
	std::unique_ptr<hm_kread, Destroy> skeleton;

	/// One run of the program: len bytes into the request's data.
	[[nodiscard]] Result<void> run(std::uint64_t address, std::uint32_t len) const
	{
		hm_read &req = skeleton->bss->req;
		req.addr = address;
		req.len = len;
		req.err = -1;
		bpf_test_run_opts opts{};
		opts.sz = sizeof(opts);
		const int err =
			bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.kread), &opts);
		if (err)
			return fail(
				Exit::environment, "running the BPF reader", errno_text(err),
				"BPF_PROG_TEST_RUN of raw_tp programs needs Linux 5.10 or later");
		// The kernel wrote it behind the compiler's back.
		if (const int copied = *static_cast<volatile int *>(&req.err); copied)
			return fail(Exit::cannot_tell,
				    fmt::format("kernel memory at {:#x}", address),
				    errno_text(copied));
		return {};
	}
};

KernelReader::KernelReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KernelReader::~KernelReader() = default;

Result<std::unique_ptr<KernelReader>> KernelReader::open()
{
	BpfLog::clear();
	auto impl = std::make_unique<Impl>();
	impl->skeleton.reset(hm_kread__open());
	const int err = impl->skeleton ? hm_kread__load(impl->skeleton.get()) : -errno;
	if (err) {
		std::string cause = errno_text(err);
		if (const auto words = BpfLog::last_words(); !words.empty())
			cause += ", " + words;
		if (const auto hint = memlock_hint(err); !hint.empty())
			cause += "; " + hint;
		return fail(
			Exit::environment, "loading the BPF reader", cause,
			"it needs Linux 5.10 with BTF, CAP_BPF and CAP_PERFMON, and no lockdown in "
			"confidentiality mode; hugemem doctor tells which");
	}
	return std::unique_ptr<KernelReader>(new KernelReader(std::move(impl)));
}

Result<void> KernelReader::read(std::uint64_t address, std::span<std::byte> out) const
{
	while (!out.empty()) {
		// Up to the next page boundary, so that one unmapped page fails alone.
		const std::size_t n = std::min<std::size_t>(out.size(), 4096 - (address & 4095));
		if (auto ok = impl_->run(address, static_cast<std::uint32_t>(n)); !ok)
			return ok;
		std::memcpy(out.data(), impl_->skeleton->bss->req.data, n);
		out = out.subspan(n);
		address += n;
	}
	return {};
}

Result<TaskFacts> KernelReader::facts() const
{
	// Any request brings them; where to read from does not matter.
	if (auto ok = impl_->run(0, 1); !ok && ok.error().code == Exit::environment)
		return tl::unexpected(ok.error());
	const hm_read &req = impl_->skeleton->bss->req;
	return TaskFacts{.pgd = req.pgd, .stack = req.stack, .stack_page0 = req.stack_page0};
}

} // namespace hugemem
