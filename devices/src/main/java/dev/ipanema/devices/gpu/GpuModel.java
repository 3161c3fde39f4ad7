package dev.ipanema.devices.gpu;

import dev.ipanema.base.text.BadInput;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// The coherent GPUs that there are, by what a driver sees of them.
///
/// | model | device id | MIG bug | readiness | RESMEM |
/// |---|---|---|---|---|
/// | `gh200` | 2342 | yes | BAR0 | yes |
/// | `gb200` | 2941 | no | BAR0 | no |
/// | `gb300` | 31c2 | no | BAR0 | no |
/// | `cxl` | 3fc0 | no | CXL DVSEC | no |
///
/// The ids of the first three are those of `drivers/vfio/pci/nvgrace-gpu/main.c:nvgrace_gpu_vfio_pci_table`. The
/// successor, whose readiness is that of a CXL device, is not in the table yet: its id is this project's choice.
public enum GpuModel {
    /// Grace Hopper.
    GH200(0x2342, true, false),
    /// Grace Blackwell.
    GB200(0x2941, false, false),
    /// Grace Blackwell Ultra.
    GB300(0x31c2, false, false),
    /// The successor in the style of CXL.
    CXL(0x3fc0, false, true);

    private final int deviceId;
    private final boolean migBug;
    private final boolean cxl;

    GpuModel(int deviceId, boolean migBug, boolean cxl) {
        this.deviceId = deviceId;
        this.migBug = migBug;
        this.cxl = cxl;
    }

    /// {@return the PCI device id; the vendor is [CoherentGpu#VENDOR]}
    public int deviceId() {
        return deviceId;
    }

    /// {@return whether MIG needs a part of the memory that is not mapped cacheable (RESMEM)}
    public boolean hasMigBug() {
        return migBug;
    }

    /// {@return whether a CXL DVSEC tells when the memory is ready}
    public boolean hasCxl() {
        return cxl;
    }

    /// {@return how users spell it}
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// {@return the model of a word, in either case}
    ///
    /// @throws BadInput for another word, with the list of those known
    public static GpuModel parse(String text) {
        for (GpuModel model : values()) {
            if (model.word().equals(text.strip().toLowerCase(Locale.ROOT))) {
                return model;
            }
        }
        throw new BadInput("GPU model '" + text + "' is unknown; models: "
                + Arrays.stream(values()).map(GpuModel::word).collect(Collectors.joining(", ")));
    }
}
