//! Two ways to call each command, as its `--help` shows them.

pub(super) const SERVE: &str = "\
Examples:
  foretaste serve demo
  foretaste serve log.csv --value view=1,buy=5 --model ease --port 9000";

#[cfg(feature = "notebooks")]
pub(super) const NOTEBOOK: &str = "\
Examples:
  foretaste notebook tutorial.ipynb
  foretaste notebook tutorial.ipynb --kernels 2 --time-out 300";

pub(super) const INSPECT: &str = "\
Examples:
  foretaste inspect ratings.csv
  foretaste inspect log.csv --user-column visitor --item-column sku --json";

pub(super) const FIT: &str = "\
Examples:
  foretaste fit ratings.csv --out films.model
  foretaste fit ml-1m --tolerance 1e-4 --out ml-1m.model";

pub(super) const RECOMMEND: &str = "\
Examples:
  foretaste recommend demo --user 500 --explain
  foretaste recommend films.model --user anna --limit 20 --fallback popular --json";

pub(super) const SIMILAR: &str = "\
Examples:
  foretaste similar demo --item 1
  foretaste similar films.model --item B00X4WHP5E --limit 20 --json";

pub(super) const POPULAR: &str = "\
Examples:
  foretaste popular demo
  foretaste popular films.model --genre Comedy --limit 20 --json";

pub(super) const PREDICT: &str = "\
Examples:
  foretaste predict films.model --pairs test.csv --out scores.csv
  cut -f1,2 test.tsv | foretaste predict train.tsv --pairs - --json";

pub(super) const EVALUATE: &str = "\
Examples:
  foretaste evaluate demo --model svd --model ease --set lambda=100
  foretaste evaluate --train a.csv --test b.csv --model item_knn --at 10,20 --json";

pub(super) const TUNE: &str = "\
Examples:
  foretaste tune demo --model ease --trials 20
  foretaste tune ml-1m --protocol p5 --model ials --set factors=128 --freeze --json";

pub(super) const GENERATE: &str = "\
Examples:
  foretaste generate ratings.csv --users 1000 --items 500 --ratings 50000
  foretaste generate ml-20m-like.csv.gz --seed 7";

#[cfg(target_os = "linux")]
pub(super) const DEPLOY: &str = "\
Examples:
  foretaste deploy films.yaml
  foretaste deploy tutorial.ipynb --cpu 1 --memory 512MB --port 8090";

#[cfg(target_os = "linux")]
pub(super) const SERVICES: &str = "\
Examples:
  foretaste services
  foretaste services --json";

#[cfg(target_os = "linux")]
pub(super) const LOGS: &str = "\
Examples:
  foretaste logs films
  foretaste logs films --lines 20 --follow";

#[cfg(target_os = "linux")]
pub(super) const STOP: &str = "\
Examples:
  foretaste stop films
  foretaste stop --all";

#[cfg(target_os = "linux")]
pub(super) const REMOVE: &str = "\
Examples:
  foretaste remove films
  foretaste remove films --state /srv/foretaste";

#[cfg(target_os = "linux")]
pub(super) const ROLLBACK: &str = "\
Examples:
  foretaste rollback films
  foretaste rollback films --json";

#[cfg(feature = "store")]
pub(super) const FSCK: &str = "\
Examples:
  foretaste fsck taste
  foretaste fsck taste > faults.txt";

#[cfg(feature = "store")]
pub(super) const BACKUP: &str = "\
Examples:
  foretaste backup taste taste.copy
  foretaste backup /srv/taste /backup/taste-monday";

pub(super) const KEYS: &str = "\
Examples:
  foretaste keys add shop --role read
  foretaste keys list";

pub(super) const KEYS_ADD: &str = "\
Examples:
  foretaste keys add shop --role read
  foretaste keys add nightly --role admin --expires 90d --rate 10/min";

pub(super) const KEYS_LIST: &str = "\
Examples:
  foretaste keys list
  foretaste keys list --keys /etc/foretaste/keys.json --json";

pub(super) const KEYS_REVOKE: &str = "\
Examples:
  foretaste keys revoke shop
  foretaste keys revoke shop 1f4bc0b7";

pub(super) const BENCH: &str = "\
Examples:
  foretaste bench svd demo --ranks 10,50
  foretaste bench tutorial --runs 3";

pub(super) const BENCH_SVD: &str = "\
Examples:
  foretaste bench svd demo
  foretaste bench svd ml-1m --ranks 10,100 --runs 11 --threads 1";

pub(super) const BENCH_TUTORIAL: &str = "\
Examples:
  foretaste bench tutorial
  foretaste bench tutorial --data ratings.csv --runs 3 --json";

pub(super) const OPENAPI: &str = "\
Examples:
  foretaste openapi
  foretaste openapi > openapi.json";

pub(super) const COMPLETIONS: &str = "\
Examples:
  foretaste completions bash > ~/.local/share/bash-completion/completions/foretaste
  foretaste completions fish > ~/.config/fish/completions/foretaste.fish";
