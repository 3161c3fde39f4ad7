package dev.ipanema.machine.cpu;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import dev.ipanema.machine.mmu.Mmu;
import dev.ipanema.machine.mmu.TlbDomain;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Simulated hardware: physical memory, processing elements that share it, their TLB domain and the
/// system counter.
///
/// It owns the memory: [#close()] gives it back, after every thread that runs a processing element has
/// ended.
public final class Machine implements AutoCloseable {
    /// The most processing elements of one machine.
    public static final int MAX_PROCESSING_ELEMENTS = 64;

    private final PhysicalMemory memory;
    private final CpuModel model;
    private final TlbDomain tlbDomain = new TlbDomain();
    private final Counter counter;
    private final HardwareRandom random = new HardwareRandom();
    private final List<ProcessingElement> elements = new ArrayList<>();

    /// Builds a machine with the host's clock.
    public Machine(PhysicalMemory memory, CpuModel model, int processingElements, ExclusivePolicy policy) {
        this(memory, model, processingElements, policy, Ticker.system());
    }

    /// Builds a machine.
    ///
    /// @param memory becomes this machine's own
    /// @param model of every processing element
    /// @param processingElements 1 to [#MAX_PROCESSING_ELEMENTS]
    /// @param policy for exclusives and atomics to memory where the architecture leaves them open
    /// @param ticker drives the system counter
    public Machine(
            PhysicalMemory memory, CpuModel model, int processingElements, ExclusivePolicy policy, Ticker ticker) {
        if (processingElements < 1 || processingElements > MAX_PROCESSING_ELEMENTS) {
            throw new IllegalArgumentException(
                    processingElements + " processing elements; 1 to " + MAX_PROCESSING_ELEMENTS + " are possible");
        }
        this.memory = memory;
        this.model = model;
        this.counter = new Counter(ticker);
        CacheSystem caches = memory.caches();
        if (caches != null) {
            caches.attach(tlbDomain);
        }
        CodeRegistry registry = new CodeRegistry(memory, tlbDomain, model, processingElements);
        for (int i = 0; i < processingElements; i++) {
            Mmu mmu = new Mmu(memory, model, i, tlbDomain, policy);
            elements.add(new ProcessingElement(i, mmu, registry, this));
        }
    }

    /// {@return the physical memory}
    public PhysicalMemory physicalMemory() {
        return memory;
    }

    /// {@return the model of every processing element}
    public CpuModel cpuModel() {
        return model;
    }

    /// {@return how many processing elements there are}
    public int processingElements() {
        return elements.size();
    }

    /// {@return one processing element}
    ///
    /// @param index 0 to [#processingElements()] − 1
    public ProcessingElement processingElement(int index) {
        return elements.get(index);
    }

    /// {@return the domain by which a hypervisor invalidates TLBs}
    public TlbDomain tlbDomain() {
        return tlbDomain;
    }

    /// Sets the seed of the random numbers that guests read from RNDR; before any processing element runs.
    public void seedRandom(long seed) {
        random.seed(seed);
    }

    /// {@return 64 bits of the generator behind RNDR, for firmware that gives random numbers}
    public long nextRandom() {
        return random.next();
    }

    /// {@return the source of RNDR}
    HardwareRandom random() {
        return random;
    }

    /// {@return the system counter}
    public Counter counter() {
        return counter;
    }

    /// {@return what the calling thread runs on one of the processing elements, null when it runs none}
    @Nullable
    CpuContext runningHere() {
        Thread here = Thread.currentThread();
        for (ProcessingElement element : elements) {
            CpuContext running = element.runningOn(here);
            if (running != null) {
                return running;
            }
        }
        return null;
    }

    /// Sets the event register of every processing element: SEV.
    void sendEvent() {
        for (ProcessingElement element : elements) {
            element.setEvent();
        }
    }

    /// Gives the memory back.
    @Override
    public void close() {
        memory.close();
    }
}
