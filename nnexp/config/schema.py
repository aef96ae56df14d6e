"""The configuration as frozen dataclasses: every key a user can set, with its type and default.

No Hydra here: the numeric packages read these classes, and the composition (`config.store`) fills
them. Values that depend on one another (the default of λ, the size of the training set) are
resolved before an instance is made, so a `Config` holds plain numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

COSTS = ("crossentropy", "quadratic", "loglikelihood")
REGULARIZERS = ("none", "l2", "l1", "elastic", "decoupled", "maxnorm")
ACTIVATIONS = ("sigmoid", "tanh", "relu")
INITIALIZERS = ("scaled", "large", "he", "fixed")
DATASETS = ("mnist", "fashion_mnist", "idx", "neuron")
SUBSETS = ("first", "random")
EXPANSIONS = ("none", "shift", "distort")
DTYPES = ("float32", "float64")
SCHEDULES = ("constant", "step", "inverse", "cosine", "halve")
STOPS = ("none", "early")
RNGS = ("pcg64", "nielsen2014")
TEST_MONITORING = ("end", "epoch", "never")
ARTIFACTS = ("auto", "all", "light", "none")
MASKS = ("example", "batch")
SCALES = ("train", "test")
ENGINES = ("compiled", "numpy")
EXECUTORS = ("processes", "dask")


@dataclass(frozen=True)
class CostConfig:
    """`cost=`: what training minimizes."""

    name: str = "crossentropy"
    """Cost: cross-entropy (eq. 57, 63), quadratic (eq. 54), log-likelihood of softmax (eq. 80)."""
    smoothing: float = 0.0
    """ε of label smoothing: what the steps' targets take from the label and give to all classes."""


@dataclass(frozen=True)
class RegConfig:
    """`reg=`: what is added to the cost, or done to the weights, against overfitting."""

    name: str = "none"
    """Regularization: none, L2, L1, both (elastic), decoupled weight decay, or a bound on incoming
    weights (maxnorm)."""
    lmbda: float = 0.0
    """λ of eq. 85 (L2), of eq. 95 (L1) or of decoupled decay; with these, n/10,000 unless it is
    given."""
    lmbda_l1: float = 0.0
    """Elastic's L1 part; n/10,000 unless it is given."""
    max_norm: float = 3.0
    """Greatest Euclidean norm of a unit's incoming weights."""
    biases: bool = False
    """Whether L2 and L1 constrain the biases too (the chapter leaves them free)."""


@dataclass(frozen=True)
class DataConfig:
    """`data=`: where the examples come from, and which of them are trained on."""

    name: str = "mnist"
    """Data set: in the package, IDX files of your own, or the one-neuron toy."""
    root: str | None = None
    """Folder of the IDX files."""
    n_train: int = 50_000
    """Training images; `size=1k` says the same."""
    n_validation: int = 10_000
    """Training images at the end that are held back to choose by."""
    subset: str = "first"
    """The first images, as in the book, or some drawn from the seed."""


@dataclass(frozen=True)
class DropoutConfig:
    """`dropout=`: rates of deleted units, 0 ≤ p < 1, and how they are deleted."""

    hidden: float = 0.0
    """Rate of deleted hidden units."""
    input: float = 0.0
    """Rate of deleted inputs."""
    mask: str = "example"
    """Which examples share a choice of units: `example`, none; `batch`, a mini-batch."""
    scale: str = "train"
    """What makes up for deleted units: kept ones count 1/(1 − p) while training (`train`), or
    the weights out of them are multiplied by 1 − p afterwards, as the chapter does (`test`)."""


@dataclass(frozen=True)
class ExpandConfig:
    """`expand=`: artificially expanded training data."""

    name: str = "none"
    """How training images are varied."""
    fixed: bool = False
    """`shift`: train on all five versions of every image instead of drawing one per epoch."""
    angle: float = 15.0
    """Greatest rotation of `distort`, in degrees."""
    alpha: float = 36.0
    """Strength of the elastic displacement field of `distort`, in pixels."""
    sigma: float = 5.0
    """Width of the Gaussian that smooths the displacement field, in pixels."""


@dataclass(frozen=True)
class ModelConfig:
    """`model.`: the fully connected network between input and output."""

    hidden: list[int] = field(default_factory=lambda: [30])
    """Units of each hidden layer."""
    activation: str = "sigmoid"
    """Activation function of hidden units."""


@dataclass(frozen=True)
class InitConfig:
    """`init=`: how the first weights are drawn."""

    name: str = "scaled"
    """How the first weights are drawn."""
    weight: float = 0.0
    """Every weight, with `init=fixed`."""
    bias: float = 0.0
    """Every bias, with `init=fixed`."""


@dataclass(frozen=True)
class TrainConfig:
    """`train.`: stochastic gradient descent."""

    epochs: int = 30
    """Passes over the training images."""
    batch_size: int = 10
    """Images in a mini-batch."""
    eta: float = 0.5
    """Learning rate η."""
    momentum: float = 0.0
    """Momentum coefficient μ (eq. 107, 108)."""
    nesterov: bool = False
    """Whether the gradient is taken where momentum will have carried the weights."""
    average: float = 0.0
    """β of a moving average of the weights over steps, which is evaluated and kept; 0 for none."""
    dtype: str = "float32"
    """Precision of weights and steps."""
    engine: str = "compiled"
    """What computes the steps: `compiled` (numba) or `numpy`. The last bits differ."""


@dataclass(frozen=True)
class ScheduleConfig:
    """`schedule=`: how the learning rate changes from epoch to epoch."""

    name: str = "constant"
    """How η changes: not at all, in steps, as 1/epoch (inverse), as half a cosine, or halved when
    the validation accuracy stalls."""
    factor: float = 0.5
    """What `step` and `halve` multiply η by."""
    every: int = 10
    """Epochs from one `step` to the next."""
    half: float = 10.0
    """Epochs after which `inverse` has come down to half of η."""
    patience: int = 10
    """Epochs without a better validation accuracy before `halve` changes η."""
    least: float = 1 / 128
    """Part of η below which `halve` ends the run."""


@dataclass(frozen=True)
class StopConfig:
    """`stop=`: when to stop before the last epoch."""

    name: str = "none"
    """When to stop before the last epoch; early keeps the best weights."""
    patience: int = 10
    """Epochs without a better validation accuracy before a run stops."""


@dataclass(frozen=True)
class MonitorConfig:
    """`monitor.`: what is measured, and how often. Never changes the weights."""

    test: str = "end"
    """When test data are looked at; with `never` their files are not even opened."""
    every: int = 1
    """Epochs between evaluations; the last is always evaluated."""
    metrics: list[str] = field(default_factory=list)
    """Metrics of your own (docs/extending.md) that are measured beside the others."""


@dataclass(frozen=True)
class SweepConfig:
    """`sweep.`: how many runs are trained at once. Never changes a number."""

    workers: int = 0
    """Processes; 0 stands for the cores this process may use."""
    dry_run: bool = False
    """Show what would be trained, and train nothing."""
    executor: str = "processes"
    """What trains them: processes of this machine, or the workers of a Dask cluster."""
    address: str | None = None
    """Of the cluster's scheduler; none for a cluster of this machine's own."""


@dataclass(frozen=True)
class TrackingConfig:
    """`tracking.`: where and how much is recorded. Never changes a number."""

    uri: str | None = None
    """Where runs are recorded; null is MLFLOW_TRACKING_URI, or mlflow.db here."""
    experiment: str = "nnexp"
    """MLflow experiment that runs are recorded in."""
    reuse: bool = True
    """Show a finished run of the same fingerprint instead of training it again."""
    resume: bool = True
    """Go on with what was interrupted."""
    artifacts: str = "auto"
    """What is recorded beside numbers; auto is all, in sweeps of more than 20 runs light."""
    name: str | None = None
    """What the run is called; without it, what tells it from others."""
    note: str | None = None
    """What its description begins with."""
    tags: dict[str, str] = field(default_factory=dict)
    """Tags of your own, as `tracking.tags.KEY=VALUE`."""
    notify: str | None = None
    """A command or web address that is told when a run or sweep has ended; never recorded."""


@dataclass(frozen=True)
class Config:
    """One run, fully resolved."""

    seed: int = 0
    """Seed of all random streams."""
    rng: str = "pcg64"
    """Random generators: named streams, or those behind the published curves."""
    size: str = "50k"
    """The training-set size as typed (`1k`), or the number where `data.n_train` was given."""
    cost: CostConfig = field(default_factory=CostConfig)
    reg: RegConfig = field(default_factory=RegConfig)
    data: DataConfig = field(default_factory=DataConfig)
    dropout: DropoutConfig = field(default_factory=DropoutConfig)
    expand: ExpandConfig = field(default_factory=ExpandConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    init: InitConfig = field(default_factory=InitConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    stop: StopConfig = field(default_factory=StopConfig)
    monitor: MonitorConfig = field(default_factory=MonitorConfig)
    sweep: SweepConfig = field(default_factory=SweepConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
